use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(as = "u64")]
    a: Option<usize>,
    #[record(as = "[u64; 3]")]
    b: [usize; 2],
}

fn main() {}
