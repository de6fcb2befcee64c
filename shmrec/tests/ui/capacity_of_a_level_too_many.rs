use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = (8, 32))]
    a: String,
    #[record(capacity = (8, 32))]
    b: Vec<[u8; 4]>,
    #[record(capacity = ())]
    c: String,
}

fn main() {}
