//! Creation: what a new segment holds before it has a name.

use shmrec_os::format::{Header, MAX_RECORD_LEN, Plan, SLOTS};
use shmrec_os::{Attachment, NewSegment};

use crate::error::{CreateError, InvalidOptions};
use crate::schema::{self, Schema};
use crate::transfer::Slots;
use crate::{Fingerprint, SegmentOptions, model};

/// What a new segment is made for.
pub(crate) struct Contents<'c> {
    /// What its record is.
    pub(crate) schema: &'c Schema,
    /// The schema's fingerprint.
    pub(crate) fingerprint: Fingerprint,
    /// The image of its first version, if it has one.
    pub(crate) first: Option<&'c [u8]>,
}

/// Creates a segment.
pub(crate) fn create(options: &SegmentOptions, name: &str, contents: &Contents<'_>) -> Result<Attachment, CreateError> {
    const { assert!(model::MAX_RECORD_SIZE as u64 <= MAX_RECORD_LEN, "a segment has room for every record") }
    let place = options.place::<CreateError>(name)?;
    if !SLOTS.contains(&options.slots) || !options.slots.is_power_of_two() {
        return Err(InvalidOptions::Slots { slots: options.slots }.into());
    }
    let text = schema_text(contents.schema)?;
    let record = contents.schema.record();
    let plan = Plan {
        name: place.name(),
        record_len: record.size as u64,
        record_align: record.align as u32,
        slots: options.slots,
        schema_len: text.len() as u64,
        fingerprint: contents.fingerprint.to_le_bytes(),
        persist: options.persist,
        wake_always: options.wake_always,
    };
    let header = Header::new(&plan, &shmrec_os::this_creator());
    let bytes = header.to_bytes();
    let (slot, counters_at, counters) = Slots::new(&header).first();
    let mut parts = vec![(0, bytes.as_slice()), (header.schema(), text.as_bytes())];
    if let Some(first) = contents.first {
        parts.extend([(slot, first), (counters_at, counters.as_slice())]);
    }
    Ok(shmrec_os::create(&place, &NewSegment { header: &header, perms: options.perms, contents: &parts })?)
}

/// The schema as it stands in a segment; without doc comments, if it would be too long with them.
fn schema_text(of: &Schema) -> Result<String, CreateError> {
    let text = of.to_json();
    if schema::check_bounds(&text).is_ok() {
        return Ok(text);
    }
    let text = of.without_docs().to_json();
    match schema::check_bounds(&text) {
        Ok(()) => Ok(text),
        Err(error) => Err(InvalidOptions::Schema(error).into()),
    }
}
