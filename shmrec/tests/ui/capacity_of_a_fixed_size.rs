use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = 8)]
    a: u32,
    #[record(capacity = 8)]
    b: [f64; 4],
    #[record(capacity = 8)]
    c: Option<bool>,
}

fn main() {}
