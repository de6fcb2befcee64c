use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: Vec<String>,
    #[record(capacity = 8)]
    b: Vec<String>,
    #[record(capacity = 8)]
    c: Vec<Option<Vec<Unknown>>>,
}

fn main() {}
