//! Versions as lines, for `history` and `watch`.

use std::time::SystemTime;

use serde_json::{Map, Value as Json, json};
use shmrec::{DynRecord, DynView};

use crate::context::{Context, not_read};
use crate::failed::Outcome;
use crate::json::join;
use crate::output::Ink;
use crate::{json, text, tree};

/// Elements of a list that stand in a line.
const SHOWN: usize = 16;

/// Writes versions, each as one line.
#[derive(Debug)]
pub(crate) struct Lines<'c> {
    context: &'c Context,
    name: String,
    fields: Vec<String>,
    changes: bool,
    last: Option<DynRecord>,
}

impl<'c> Lines<'c> {
    /// Lines of these fields, of all without any. With `changes` of what is new in them since the line before.
    pub(crate) fn new(context: &'c Context, name: &str, fields: &[String], changes: bool) -> Self {
        Self { context, name: name.to_owned(), fields: fields.to_vec(), changes, last: None }
    }

    /// Writes a version that was seen at `at` after `missed` others; `false` when there is nothing new to write.
    pub(crate) fn write(&mut self, record: &DynRecord, at: Option<SystemTime>, missed: u64) -> Outcome<bool> {
        let parts = self.parts(record)?;
        let before = self.last.as_ref().filter(|_| self.changes);
        if before.is_some() && parts.is_empty() {
            self.last = Some(record.clone());
            return Ok(false);
        }
        if self.context.output.json {
            self.context.output.json_line(&self.as_json(record, &parts, at, missed))?;
        } else {
            self.context.output.line(&self.as_text(record, &parts, at, missed))?;
        }
        if self.changes {
            self.last = Some(record.clone());
        }
        Ok(true)
    }

    /// What the line shows: paths, and what stands there.
    fn parts<'r>(&self, record: &'r DynRecord) -> Outcome<Vec<(String, DynView<'r>)>> {
        let mut parts = Vec::new();
        if self.fields.is_empty() {
            // A record that is a list of bytes to be looked at is not to end the line.
            parts.extend(record.view().children().into_iter().flatten());
        }
        for field in &self.fields {
            match record.view_at(field) {
                Ok(view) => parts.push((field.clone(), view)),
                // It may be there in another version.
                Err(error) if is_for_now(&error) => {}
                Err(error) => return Err(not_read(&self.name, error)),
            }
        }
        Ok(match self.last.as_ref().filter(|_| self.changes) {
            None => parts,
            Some(last) => {
                let mut changed = Vec::new();
                for (path, view) in parts {
                    let before = last.view_at(&path).ok();
                    difference(path, view, before, &mut changed);
                }
                changed
            }
        })
    }

    fn as_text(
        &self,
        record: &DynRecord,
        parts: &[(String, DynView<'_>)],
        at: Option<SystemTime>,
        missed: u64,
    ) -> String {
        let output = &self.context.output;
        let mut line = String::new();
        if let Some(at) = at {
            line.push_str(&output.ink(Ink::Dim, &text::time_to_millis(at)));
            line.push_str("  ");
        }
        line.push_str(&output.ink(Ink::Heading, &format!("v{}", record.version())));
        if missed > 0 {
            line.push_str("  ");
            line.push_str(&output.ink(Ink::Odd, &format!("({missed} missed)")));
        }
        for (path, view) in parts {
            let (ink, value) = match tree::row(view, SHOWN) {
                Ok(value) => (Ink::Plain, value),
                Err(error) => (Ink::Bad, format!("!({})", text::clean(error.found()))),
            };
            line.push_str(&format!("  {}={}", output.ink(Ink::Name, &text::clean(path)), output.ink(ink, &value)));
        }
        line
    }

    fn as_json(
        &self,
        record: &DynRecord,
        parts: &[(String, DynView<'_>)],
        at: Option<SystemTime>,
        missed: u64,
    ) -> Json {
        let mut line = Map::new();
        line.insert("version".to_owned(), record.version().get().into());
        if let Some(at) = at {
            line.insert("time".to_owned(), json::time(at));
            line.insert("missed".to_owned(), missed.into());
        }
        let mut invalid = Vec::new();
        let of_all = self.fields.is_empty() && self.last.is_none();
        let key = if of_all { "record" } else { "fields" };
        let values = if of_all {
            json::view(&record.view(), "", &mut invalid)
        } else {
            parts
                .iter()
                .map(|(path, view)| (path.clone(), json::view(view, path, &mut invalid)))
                .collect::<Map<_, _>>()
                .into()
        };
        line.insert(key.to_owned(), values);
        if !invalid.is_empty() {
            let errors = invalid
                .iter()
                .map(|(path, error)| json!({"field": path, "found": error.found(), "expected": error.expected()}));
            line.insert("invalid".to_owned(), errors.collect());
        }
        line.into()
    }
}

/// Whether another version of the record may have what is asked for.
fn is_for_now(error: &shmrec::ReadError) -> bool {
    use shmrec::schema::PathProblem;
    matches!(
        error,
        shmrec::ReadError::Path(error)
            if matches!(error.problem(), PathProblem::None | PathProblem::OtherVariant { .. } | PathProblem::Index { .. })
    )
}

/// The parts of `view` that differ from what was there `before`, as deep as both have the same parts.
fn difference<'r>(
    path: String,
    view: DynView<'r>,
    before: Option<DynView<'_>>,
    changed: &mut Vec<(String, DynView<'r>)>,
) {
    let Some(before) = before else {
        changed.push((path, view));
        return;
    };
    if view.bytes() == before.bytes() {
        return;
    }
    let parts = |view: &DynView<'_>| Some((view.children().ok()?.len(), view.variant().ok()?.map(|v| v.value)));
    let (Ok(children), Ok(old)) = (view.children(), before.children()) else {
        changed.push((path, view));
        return;
    };
    if children.len() == 0 || parts(&view) != parts(&before) {
        changed.push((path, view));
        return;
    }
    let inside = match view.variant() {
        Ok(Some(variant)) => join(&path, &variant.name),
        _ => path,
    };
    for ((name, child), (_, old)) in children.zip(old) {
        difference(join(&inside, &name), child, Some(old), changed);
    }
}
