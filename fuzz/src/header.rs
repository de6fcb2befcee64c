//! A header that anybody may have written.

use shmrec_os::format::{HEADER_LEN, Header};

/// The header, then eight bytes of the file's length.
pub fn run(data: &[u8]) {
    let (bytes, rest) = data.split_at(data.len().min(HEADER_LEN));
    let mut len = [0; 8];
    len[..rest.len().min(8)].copy_from_slice(&rest[..rest.len().min(8)]);
    let file_len = if rest.is_empty() { 1 << 14 } else { u64::from_le_bytes(len) };
    parse(bytes, file_len);
    // What a forger does: the sum is right.
    if bytes.len() == HEADER_LEN {
        parse(&crate::link::with_right_sum(bytes), file_len);
    }
}

fn parse(bytes: &[u8], file_len: u64) {
    let Ok(header) = Header::parse(bytes, file_len) else { return };
    let total = header.total_len();
    assert!(total as u64 <= file_len);
    let regions = [
        (header.schema(), header.schema_len()),
        (header.transfer(), 16),
        (header.lock(), 128 + 4 * 2047),
        (header.bell(), 4),
        (header.records(), header.slots() as usize * header.stride()),
    ];
    for (at, len) in regions {
        assert!(at >= HEADER_LEN && at.checked_add(len).is_some_and(|end| end <= total), "{at} {len} of {total}");
    }
    assert!(header.slots().is_power_of_two() && header.record_len() <= header.stride());
    let again = header.to_bytes();
    assert_eq!(Header::parse(&again, file_len).as_ref(), Ok(&header), "what is written is what was read");
}
