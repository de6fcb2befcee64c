//! A record as rows, of which those with parts open and close.
//!
//! Only what is open is remembered, so a list of millions costs nothing until its elements are looked at, and then those
//! alone.

use std::collections::BTreeMap;

use shmrec::DynView;
use shmrec::schema::Type;

/// Which parts of something are open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    open: bool,
    /// Those parts in which something is open, or was, by their index.
    inside: BTreeMap<usize, Node>,
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row<'r> {
    /// The indices of the parts that lead to it.
    pub(crate) steps: Vec<usize>,
    /// Its path, as `get` takes it.
    pub(crate) path: String,
    /// The last step of the path.
    pub(crate) name: String,
    pub(crate) view: DynView<'r>,
    /// Whether it has parts, and whether they are shown.
    pub(crate) parts: usize,
    pub(crate) open: bool,
}

impl Node {
    /// The root, whose parts are always shown.
    pub(crate) fn root() -> Self {
        Self { open: true, inside: BTreeMap::new() }
    }

    /// How many rows the parts of `view` take.
    pub(crate) fn rows(&self, view: &DynView<'_>) -> usize {
        if !self.open {
            return 0;
        }
        let count = parts(view);
        let open = self.inside.range(..count).map(|(i, node)| match part(view, *i) {
            Some((_, part)) => node.rows(&part),
            None => 0,
        });
        open.fold(count, usize::saturating_add)
    }

    /// The row of this number among those of the parts of `view`, which stands at `path`.
    pub(crate) fn row<'r>(&self, view: &DynView<'r>, number: usize) -> Option<Row<'r>> {
        self.find(view, number, "", &mut Vec::new())
    }

    fn find<'r>(&self, view: &DynView<'r>, mut number: usize, path: &str, steps: &mut Vec<usize>) -> Option<Row<'r>> {
        let count = parts(view);
        let path = &match unwrapped(view).variant() {
            Ok(Some(variant)) => crate::json::join(path, &variant.name),
            _ => path.to_owned(),
        };
        // The parts before the next one that may be open are one row each.
        let mut next = 0;
        for (i, node) in self.inside.range(..count) {
            if number < i - next {
                break;
            }
            number -= i - next;
            let (name, inside) = part(view, *i)?;
            if number == 0 {
                next = *i;
                break;
            }
            number -= 1;
            let rows = node.rows(&inside);
            if number < rows {
                steps.push(*i);
                return node.find(&inside, number, &crate::json::join(path, &name), steps);
            }
            number -= rows;
            next = i + 1;
        }
        let index = next.checked_add(number).filter(|index| *index < count)?;
        let (name, found) = part(view, index)?;
        steps.push(index);
        Some(Row {
            steps: steps.clone(),
            path: crate::json::join(path, &name),
            name,
            view: found,
            parts: parts(&found),
            open: self.inside.get(&index).is_some_and(|node| node.open),
        })
    }

    /// Opens or closes what `steps` lead to.
    pub(crate) fn set(&mut self, steps: &[usize], open: bool) {
        match steps {
            [] => self.open = open,
            [first, rest @ ..] => self.inside.entry(*first).or_default().set(rest, open),
        }
    }

    /// The number of the row that `steps` lead to, among those of the parts of `view`.
    pub(crate) fn number(&self, view: &DynView<'_>, steps: &[usize]) -> usize {
        let [first, rest @ ..] = steps else { return 0 };
        let before: usize = self
            .inside
            .range(..*first)
            .map(|(i, node)| part(view, *i).map_or(0, |(_, part)| node.rows(&part)))
            .fold(*first, usize::saturating_add);
        match (self.inside.get(first), part(view, *first)) {
            (Some(node), Some((_, inside))) if !rest.is_empty() => before + 1 + node.number(&inside, rest),
            _ => before,
        }
    }
}

/// What is in an option, or in one in an option; anything else as it is.
fn unwrapped<'r>(view: &DynView<'r>) -> DynView<'r> {
    let mut view = *view;
    while matches!(view.ty(), Some(Type::Option { .. })) {
        match view.children().ok().and_then(|mut children| children.next()) {
            Some((_, inside)) => view = inside,
            None => break,
        }
    }
    view
}

/// How many parts something has; none if its bytes do not say.
fn parts(view: &DynView<'_>) -> usize {
    unwrapped(view).children().map_or(0, |children| children.len())
}

fn part<'r>(view: &DynView<'r>, index: usize) -> Option<(String, DynView<'r>)> {
    unwrapped(view).children().ok()?.nth(index)
}

/// What `steps` lead to, from a record.
pub(crate) fn at<'r>(view: DynView<'r>, steps: &[usize]) -> Option<DynView<'r>> {
    steps.iter().try_fold(view, |view, step| Some(part(&view, *step)?.1))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use shmrec::schema::Schema;
    use shmrec::{DynRecord, SharedRecord, Value};

    #[derive(SharedRecord)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Axis {
        position: f64,
        limits: [f32; 2],
    }

    #[derive(SharedRecord)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Robot {
        serial: u32,
        axes: [Axis; 3],
        home: Option<Axis>,
        pixels: [u8; 1000],
    }

    fn robot() -> DynRecord {
        let schema = Arc::new(Schema::of::<Robot>());
        let axis = || Value::Record {
            name: "Axis".into(),
            fields: vec![("position".into(), 1.0.into()), ("limits".into(), vec![0.0_f32, 1.0].into())],
        };
        let fields = vec![
            ("serial".into(), 7_u32.into()),
            ("axes".into(), Value::List(vec![axis(), axis(), axis()])),
            ("home".into(), Value::Option(Some(Box::new(axis())))),
            ("pixels".into(), vec![0_u8; 1000].into()),
        ];
        DynRecord::new(&schema, &Value::Record { name: "Robot".into(), fields }).unwrap()
    }

    fn paths(root: &Node, record: &DynRecord) -> Vec<String> {
        let view = record.view();
        (0..root.rows(&view)).map(|number| root.row(&view, number).unwrap().path).collect()
    }

    #[test]
    fn rows_open_and_close_at_their_place() {
        let (mut root, record) = (Node::root(), robot());
        assert_eq!(paths(&root, &record), ["serial", "axes", "home", "pixels"]);
        root.set(&[1], true);
        root.set(&[1, 1], true);
        assert_eq!(
            paths(&root, &record),
            ["serial", "axes", "axes[0]", "axes[1]", "axes[1].position", "axes[1].limits", "axes[2]", "home", "pixels"]
        );
        // What is in an option are its parts.
        root.set(&[2], true);
        root.set(&[1], false);
        assert_eq!(paths(&root, &record), ["serial", "axes", "home", "home.position", "home.limits", "pixels"]);
        root.set(&[1], true);
        assert_eq!(paths(&root, &record)[4], "axes[1].position", "what was open in it still is");
    }

    #[test]
    fn every_row_knows_its_number() {
        let (mut root, record) = (Node::root(), robot());
        root.set(&[1], true);
        root.set(&[1, 0], true);
        root.set(&[1, 2], true);
        root.set(&[1, 2, 1], true);
        root.set(&[3], true);
        let view = record.view();
        for number in 0..root.rows(&view) {
            let row = root.row(&view, number).unwrap();
            assert_eq!(root.number(&view, &row.steps), number, "{}", row.path);
            assert_eq!(at(view, &row.steps).unwrap().bytes(), row.view.bytes());
        }
        assert!(root.row(&view, root.rows(&view)).is_none());
        assert!(root.row(&view, usize::MAX).is_none());
    }
}
