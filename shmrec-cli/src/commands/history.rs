//! `shmrec history`.

use super::versions::Lines;
use crate::arguments::History;
use crate::context::{Context, not_read};
use crate::failed::Outcome;

pub(crate) fn run(context: &Context, arguments: &History) -> Outcome {
    let name = arguments.name.as_str();
    let reader = context.observe_and_note(name)?;
    let records = reader.history().map_err(|error| not_read(name, error))?;
    if records.is_empty() {
        // Then the last one says why.
        reader.read().map_err(|error| not_read(name, error))?;
    }
    let mut lines = Lines::new(context, name, &arguments.fields, arguments.changes);
    for record in &records {
        lines.write(record, None, 0)?;
    }
    Ok(())
}
