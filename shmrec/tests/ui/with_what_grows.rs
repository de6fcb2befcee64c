use shmrec::{FieldWith, LoadError, SharedRecord, StoreError};
struct Path(String);

struct Text;

impl FieldWith<Path> for Text {
    type Shared = String;

    fn to_shared(path: &Path) -> Result<String, StoreError> {
        Ok(path.0.clone())
    }

    fn from_shared(text: String) -> Result<Path, LoadError> {
        Ok(Path(text))
    }
}

#[derive(SharedRecord)]
struct Wrong {
    #[record(with = "Text")]
    a: Path,
}

fn main() {}
