//! A file under a segment's name that anybody may have made.

use std::sync::OnceLock;

use shmrec::{LinkError, TrustOwner};
use shmrec_os::format::HEADER_LEN;

use crate::place;
use crate::records::Texts;

const NAME: &str = "fuzzed";

/// A header with the sum that its bytes have.
pub(crate) fn with_right_sum(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() >= HEADER_LEN {
        let sum = bytes[..504]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
        bytes[504..HEADER_LEN].copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// A segment that persists, as it stands in its file.
fn valid() -> &'static [u8] {
    static VALID: OnceLock<Vec<u8>> = OnceLock::new();
    VALID.get_or_init(|| {
        place::with(|directory| {
            let options = place::options(directory).persist(true).slots(2);
            let segment = options.create::<Texts>(NAME).expect("a segment");
            let bytes = std::fs::read(segment.path()).expect("the segment");
            drop(segment);
            options.remove(NAME).expect("it was there");
            bytes
        })
    })
}

/// First byte: whether the file is the rest as it is, or a valid segment with changes: each two bytes of an offset, one of a
/// length, and what stands there.
pub fn run(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let file = match kind % 4 {
        0 => rest.to_vec(),
        1 => with_right_sum(rest),
        kind => {
            let mut file = valid().to_vec();
            let mut changes = rest;
            while let [low, high, len, tail @ ..] = changes {
                let at = usize::from(u16::from_le_bytes([*low, *high])) % file.len();
                let len = usize::from(*len % 32).min(tail.len()).min(file.len() - at);
                file[at..at + len].copy_from_slice(&tail[..len]);
                changes = &tail[len..];
            }
            if kind == 2 { with_right_sum(&file) } else { file }
        }
    };
    place::with(|directory| {
        let path = directory.join(format!("shmrec.{NAME}"));
        std::fs::write(&path, &file).expect("a file");
        let options = place::options(directory).trust_owner(TrustOwner::Anyone);
        let typed = options.reader::<Texts>(NAME);
        if let Ok(reader) = &typed {
            let _ = (reader.read(), reader.history(), reader.users(), reader.schema());
        }
        let untyped = options.dyn_reader(NAME);
        if let Ok(reader) = &untyped {
            if let Ok(record) = reader.read() {
                assert_eq!(record.check().is_ok(), record.value().is_ok());
                for field in &reader.schema().record().fields {
                    let _ = record.get(&field.name).map(|value| value.to_string());
                }
            }
        }
        if typed.is_ok() {
            // The fingerprint alone says what a known type's record is: its schema's text may be spoilt.
            assert!(matches!(untyped, Ok(_) | Err(LinkError::Damaged(_))), "{:?}", untyped.err());
        }
        let foreign =
            matches!(typed, Err(LinkError::NotASegment(_) | LinkError::UnsupportedFormat(_) | LinkError::Damaged(_)));
        drop((typed, untyped));
        if let Ok(segment) = options.link::<Texts>(NAME) {
            let _ = segment.update(|record| record.clone());
        } else if foreign {
            assert_eq!(std::fs::read(&path).ok().as_deref(), Some(&*file), "what is no segment was touched");
        }
        let _ = options.remove(NAME);
        let _ = std::fs::remove_file(&path);
    });
}
