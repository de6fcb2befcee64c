use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    #[record(default = 7u8)]
    b: u32,
    #[record(default = "text", capacity = 8)]
    c: String,
    #[record(skip, default = 1)]
    d: Option<u8>,
}

fn main() {}
