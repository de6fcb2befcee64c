use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = (1 << 20, 1 << 20))]
    a: Vec<String>,
}

fn main() {}
