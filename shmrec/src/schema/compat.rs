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
