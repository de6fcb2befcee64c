//! Names of segments and paths of fields that anybody may have typed.

use std::sync::OnceLock;

use shmrec::{CreateError, DynRecord, NameProblem, SegmentName, Value};

use crate::place;
use crate::records::{Choices, Leaf};

/// First byte: a name or a path; the rest is its text.
pub fn run(data: &[u8]) {
    let Some((kind, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    if kind % 2 == 0 { name(&text) } else { path(&text) }
}

fn name(text: &str) {
    let legal = (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match SegmentName::new(text) {
        Ok(name) => assert!(legal && name.as_str() == text),
        Err(error) => {
            assert!(!legal, "{error}");
            if let NameProblem::Character { character, at } = error.problem() {
                assert!(text[at..].starts_with(character), "{error}");
            }
        }
    }
    place::with(|directory| {
        let files = || {
            let mut files: Vec<_> = std::fs::read_dir(directory).into_iter().flatten().flatten().collect();
            files.retain(|entry| entry.path().is_file());
            files.into_iter().map(|entry| entry.file_name()).collect::<std::collections::BTreeSet<_>>()
        };
        let before = files();
        match place::options(directory).create::<Leaf>(text) {
            Ok(segment) => {
                assert!(legal && segment.name() == text);
                assert_eq!(segment.path(), directory.join(format!("shmrec.{text}")));
                assert_eq!(files().len(), before.len() + 1);
            }
            // A name of the file system's own limit, or of another target's segment.
            Err(CreateError::AlreadyExists(_)) => assert!(legal),
            Err(CreateError::InvalidName(_)) => assert!(!legal),
            Err(error) => panic!("{text:?}: {error}"),
        }
        assert_eq!(files(), before);
    });
}

fn path(text: &str) {
    static RECORD: OnceLock<DynRecord> = OnceLock::new();
    let record = RECORD.get_or_init(|| {
        place::with(|directory| {
            let options = place::options(directory);
            let _segment = options.create_with("paths", &Choices::example()).expect("a segment");
            options.dyn_reader("paths").expect("the segment").read().expect("its record")
        })
    });
    let mut record = record.clone();
    if let Ok(value) = record.get(text) {
        let _ = value.to_string();
        let before = record.bytes().to_vec();
        record.set(text, value).expect("what was read can be written");
        assert_eq!(record.bytes(), before, "{text:?}");
    } else {
        assert!(record.set(text, Value::Unsigned(1)).is_err() || record.get(text).is_ok(), "{text:?}");
    }
}
