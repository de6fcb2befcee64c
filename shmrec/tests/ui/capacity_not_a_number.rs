use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = "8")]
    a: String,
}

fn main() {}
