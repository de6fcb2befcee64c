use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: String,
    b: Vec<u8>,
    c: Box<[u16]>,
    d: Option<String>,
    e: [std::vec::Vec<u8>; 4],
}

fn main() {}
