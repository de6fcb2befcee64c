use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: (u8, String),
    #[record(capacity = 8)]
    b: (String, Vec<u8>),
    #[record(capacity = (8, 8, 8))]
    c: (String, Vec<u8>),
    #[record(capacity = 8)]
    d: (u8, u16),
    #[record(capacity = 8)]
    e: Vec<(u8, String)>,
}

fn main() {}
