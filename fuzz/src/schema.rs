//! A schema's text that anybody may have written.

use shmrec::schema::Schema;

/// The text.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(schema) = Schema::parse(text) else { return };
    let again = Schema::parse(&schema.to_json()).expect("what was written can be read");
    assert_eq!(again, schema);
    assert_eq!(again.fingerprint(), schema.fingerprint());
    assert!(schema.differences(&again).is_empty());
    assert!(schema.record().size <= shmrec::MAX_RECORD_SIZE);
    let bare = schema.without_docs();
    assert_eq!(bare.fingerprint(), schema.fingerprint(), "docs are outside the fingerprint");
    assert_eq!(Schema::parse(&bare.to_json()).expect("without docs too"), bare);
}
