use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = 0)]
    a: String,
    #[record(capacity = (4, 0))]
    b: Vec<String>,
}

fn main() {}
