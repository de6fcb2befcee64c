use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(as = 8)]
    a: usize,
    #[record(as = "")]
    b: usize,
    #[record(as = "u64 u64")]
    c: usize,
    #[record(as)]
    d: usize,
}

fn main() {}
