use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct First {
    #[record(capacity = (2, 5))]
    names: Vec<String>,
}

#[derive(SharedRecord)]
struct Second {
    #[record(capacity = (2, 6))]
    names: Vec<String>,
}

shmrec::assert_same_layout!(First, Second);

fn main() {}
