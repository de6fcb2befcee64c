use shmrec::{FieldWith, LoadError, SharedRecord, StoreError};
struct Id([u8; 4]);

struct Bytes;

impl FieldWith<Id> for Bytes {
    type Shared = [u8; 4];

    fn to_shared(id: &Id) -> Result<[u8; 4], StoreError> {
        Ok(id.0)
    }

    fn from_shared(bytes: [u8; 4]) -> Result<Id, LoadError> {
        Ok(Id(bytes))
    }
}

#[derive(SharedRecord)]
struct Wrong {
    #[record(with = "Bytes")]
    a: Option<Id>,
}

fn main() {}
