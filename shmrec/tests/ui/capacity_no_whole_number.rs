use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = -1)]
    a: String,
    #[record(capacity = 1.5)]
    b: String,
    #[record(capacity = true)]
    c: String,
    #[record(capacity = (8, "8"))]
    e: Vec<String>,
}

fn main() {}
