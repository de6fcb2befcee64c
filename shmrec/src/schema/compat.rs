//! Links between two versions of one record: which bytes of the segment's image are which of the program's.

use super::diff::{Difference, Found, Subject};
use super::{FieldSchema, Record, Schema, Type, element_of, join};
use crate::model::{FieldDesc, RecordDesc, TypeDesc};

/// How the program's image and the segment's are made of each other. Worked out once, when the link is made.
#[derive(Debug)]
pub(crate) struct Plan {
    runs: Vec<Run>,
    /// The program's image with the defaults of the fields that the segment lacks, zero elsewhere.
    template: Vec<u8>,
    /// Bytes of the segment's image.
    there: usize,
    knows_all: bool,
}

/// Bytes that both images have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    here: usize,
    there: usize,
    len: usize,
}

/// The most runs. What has more, such as a long array whose elements differ, would be moved too slowly to be of use.
const MAX_RUNS: usize = 1 << 16;

impl Plan {
    /// The plan for a program with the record `here` and a segment with the schema `there`.
    ///
    /// Fields are matched by name and type, wherever they stand; those of records in records, and in arrays of records, too.
    /// A field that the segment lacks needs a default.
    ///
    /// # Errors
    ///
    /// What differs in a way that no plan bridges.
    pub(crate) fn new(here: &RecordDesc, there: &Schema) -> Result<Self, Vec<Difference>> {
        let ours = Record::from(here);
        let mut planner = Planner {
            plan: Self { runs: Vec::new(), template: vec![0; here.size], there: there.record().size, knows_all: true },
            found: Found::default(),
        };
        planner.records(here, &without_docs(ours), &without_docs(there.record().clone()), 0, 0, "");
        if planner.found.is_empty() { Ok(planner.plan) } else { Err(planner.found.into_differences()) }
    }

    /// Bytes of the segment's image.
    pub(crate) fn there(&self) -> usize {
        self.there
    }

    /// Whether the program knows every field of the segment, and so could write a first record.
    pub(crate) fn knows_all(&self) -> bool {
        self.knows_all
    }

    /// Makes the program's image from the segment's.
    pub(crate) fn pull(&self, there: &[u8], here: &mut [u8]) {
        here.copy_from_slice(&self.template);
        for run in &self.runs {
            here[run.here..run.here + run.len].copy_from_slice(&there[run.there..run.there + run.len]);
        }
    }

    /// Replaces, in the segment's image, what the program's has.
    pub(crate) fn push(&self, here: &[u8], there: &mut [u8]) {
        for run in &self.runs {
            there[run.there..run.there + run.len].copy_from_slice(&here[run.here..run.here + run.len]);
        }
    }

    /// Whether the segment has all the bytes that stand at `offset` in the program's image, padding aside.
    pub(crate) fn has(&self, offset: usize, len: usize) -> bool {
        self.runs.iter().any(|run| run.here < offset + len && offset < run.here + run.len)
    }
}

fn without_docs(mut record: Record) -> Record {
    record.each_docs("", &mut |_, docs| docs.clear());
    record
}

struct Planner {
    plan: Plan,
    found: Found,
}

impl Planner {
    /// Plans a record that begins at `here` in the program's image and at `there` in the segment's.
    fn records(&mut self, desc: &RecordDesc, ours: &Record, theirs: &Record, here: usize, there: usize, path: &str) {
        self.found.compare(Subject::Name, path, &ours.name, &theirs.name, |name| format!("{name:?}"));
        for (desc, own) in desc.fields.iter().zip(&ours.fields) {
            let path = join(path, &own.name);
            match theirs.fields.iter().find(|field| field.name == own.name) {
                Some(field) => {
                    self.types((&desc.ty, &own.ty), &field.ty, here + own.offset, there + field.offset, &path);
                }
                None => self.lacking(desc, own, here + own.offset, &path),
            }
        }
        let unknown = |field: &FieldSchema| ours.fields.iter().all(|own| own.name != field.name);
        self.plan.knows_all &= !theirs.fields.iter().any(unknown);
    }

    fn types(&mut self, (desc, own): (&TypeDesc, &Type), theirs: &Type, here: usize, there: usize, path: &str) {
        match (desc, own, theirs) {
            (_, own, theirs) if own == theirs => self.run(Run { here, there, len: own.size() }, path, own),
            (TypeDesc::Record { record }, Type::Record(own), Type::Record(theirs)) => {
                self.records(record, own, theirs, here, there, path);
            }
            (
                TypeDesc::Array { element: desc, .. },
                Type::Array { element: own, len },
                Type::Array { element: theirs, len: their_len },
            ) if len == their_len && bridges(own, theirs) => {
                let path = element_of(path);
                for i in 0..*len {
                    let (here, there) = (here + i * own.size(), there + i * theirs.size());
                    self.types((desc, own), theirs, here, there, &path);
                    // What is wrong with one element is wrong with all of them.
                    if !self.found.is_empty() {
                        break;
                    }
                }
            }
            (_, own, theirs) => self.found.add(Subject::Field, path, Some(own.to_string()), Some(theirs.to_string())),
        }
    }

    fn lacking(&mut self, desc: &FieldDesc, own: &FieldSchema, here: usize, path: &str) {
        let place = &mut self.plan.template[here..here + own.ty.size()];
        match desc.default.map(|store| store(place)) {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                let words = format!("{} with a default that cannot be stored ({error})", own.ty);
                self.found.add(Subject::Field, path, Some(words), None);
            }
            None => self.found.add(Subject::Field, path, Some(format!("{} without a default", own.ty)), None),
        }
    }

    fn run(&mut self, run: Run, path: &str, ty: &Type) {
        if let Some(last) = self.plan.runs.last_mut() {
            if (last.here + last.len, last.there + last.len) == (run.here, run.there) {
                last.len += run.len;
                return;
            }
        }
        if self.plan.runs.len() == MAX_RUNS {
            let words = format!("{ty}, the {MAX_RUNS}th part that stands elsewhere");
            self.found.add(Subject::Field, path, Some(words), Some(format!("at {}", run.there)));
            return;
        }
        if run.len > 0 {
            self.plan.runs.push(run);
        }
    }
}

/// Whether two types are records all the way in, whose fields can be matched.
fn bridges(own: &Type, theirs: &Type) -> bool {
    match (own, theirs) {
        (Type::Record(_), Type::Record(_)) => true,
        (Type::Array { element: own, len }, Type::Array { element: theirs, len: their_len }) => {
            len == their_len && bridges(own, theirs)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::StoreError;
    use crate::model::desc::kept;
    use crate::model::layout::round_up;

    /// Types of four sizes, two of them records that may differ in turn.
    #[derive(Clone, Debug)]
    enum Kind {
        Byte,
        Word,
        Shorts,
        Inner(Vec<(u8, Kind)>),
        Inners(Vec<(u8, Kind)>),
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        let leaf = prop_oneof![Just(Kind::Byte), Just(Kind::Word), Just(Kind::Shorts)];
        leaf.prop_recursive(2, 12, 4, |inner| {
            let fields = prop::collection::vec((0..5u8, inner), 1..4);
            prop_oneof![fields.clone().prop_map(Kind::Inner), fields.prop_map(Kind::Inners)]
        })
    }

    fn all_ones(image: &mut [u8]) -> Result<(), StoreError> {
        image.fill(1);
        Ok(())
    }

    fn of_kind(kind: &Kind) -> TypeDesc {
        match kind {
            Kind::Byte => TypeDesc::U8,
            Kind::Word => TypeDesc::U64,
            Kind::Shorts => TypeDesc::Array { element: &TypeDesc::U16, len: 3 },
            Kind::Inner(fields) => TypeDesc::Record { record: record(fields) },
            Kind::Inners(fields) => {
                TypeDesc::Array { element: kept(TypeDesc::Record { record: record(fields) }), len: 2 }
            }
        }
    }

    /// The record of these fields, the first of each number; every field has a default of ones.
    fn record(fields: &[(u8, Kind)]) -> &'static RecordDesc {
        const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
        let (mut laid_out, mut end, mut align): (Vec<FieldDesc>, _, _) = (Vec::new(), 0, 1);
        for (number, kind) in fields {
            let name = NAMES[usize::from(*number)];
            if laid_out.iter().any(|field| field.name == name) {
                continue;
            }
            let ty = of_kind(kind);
            let offset = round_up(end, ty.align());
            (end, align) = (offset + ty.size(), align.max(ty.align()));
            laid_out.push(FieldDesc { name, docs: "", offset, ty, default: Some(all_ones) });
        }
        let fields = kept(laid_out);
        kept(RecordDesc { name: "R", docs: "", size: round_up(end, align), align, fields })
    }

    /// The bytes of every part without parts, by its path.
    fn leaves(desc: &RecordDesc, at: usize, path: &str, found: &mut Vec<(String, usize, usize)>) {
        for field in desc.fields {
            leaves_of(&field.ty, at + field.offset, &join(path, field.name), found);
        }
    }

    fn leaves_of(ty: &TypeDesc, at: usize, path: &str, found: &mut Vec<(String, usize, usize)>) {
        match ty {
            TypeDesc::Record { record } => leaves(record, at, path, found),
            TypeDesc::Array { element, len } => {
                for i in 0..*len {
                    leaves_of(element, at + i * element.size(), &format!("{path}[{i}]"), found);
                }
            }
            ty => found.push((path.to_owned(), at, ty.size())),
        }
    }

    fn all_leaves(desc: &RecordDesc) -> Vec<(String, usize, usize)> {
        let mut found = Vec::new();
        leaves(desc, 0, "", &mut found);
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn what_both_have_travels_and_nothing_else_does(
            ours in prop::collection::vec((0..5u8, kinds()), 1..5),
            theirs in prop::collection::vec((0..5u8, kinds()), 1..5),
            seed: u8,
        ) {
            let (here, there) = (record(&ours), record(&theirs));
            let (own, others) = (all_leaves(here), all_leaves(there));
            let Ok(plan) = Plan::new(here, &Schema { record: Record::from(there) }) else {
                // Refused for a type, which the differences name; what is left is tried in the other cases.
                return Ok(());
            };
            let theirs_at = |path: &str| others.iter().find(|(other, ..)| other == path).map(|(_, at, _)| *at);

            let in_segment: Vec<u8> = (0..there.size).map(|i| (i as u8).wrapping_mul(7).wrapping_add(seed) | 2).collect();
            let mut image = vec![0xee; here.size];
            plan.pull(&in_segment, &mut image);
            for (path, at, size) in &own {
                let expected = match theirs_at(path) {
                    Some(theirs) => in_segment[theirs..theirs + size].to_vec(),
                    None => vec![1; *size],
                };
                prop_assert_eq!(&image[*at..at + size], &expected[..], "{}", path);
                prop_assert_eq!(plan.has(*at, *size), theirs_at(path).is_some(), "{}", path);
            }

            let to_write: Vec<u8> = (0..here.size).map(|i| (i as u8).wrapping_mul(11).wrapping_add(seed)).collect();
            let mut written = in_segment.clone();
            plan.push(&to_write, &mut written);
            let mut knows_all = true;
            for (path, at, size) in &others {
                let expected = match own.iter().find(|(own, ..)| own == path) {
                    Some((_, own, _)) => &to_write[*own..own + size],
                    None => {
                        knows_all = false;
                        &in_segment[*at..at + size]
                    }
                };
                prop_assert_eq!(&written[*at..at + size], expected, "{}", path);
            }
            prop_assert_eq!(plan.knows_all(), knows_all);
        }
    }

    #[test]
    fn the_same_record_is_one_run() {
        let fields = [(0, Kind::Byte), (1, Kind::Word), (2, Kind::Inners(vec![(0, Kind::Shorts)]))];
        let desc = record(&fields);
        let plan = Plan::new(desc, &Schema { record: Record::from(desc) }).unwrap();
        // The byte stands apart from the word by its padding.
        assert_eq!(plan.runs, [Run { here: 0, there: 0, len: 1 }, Run { here: 8, there: 8, len: 20 }]);
        assert!(plan.knows_all());
    }
}
