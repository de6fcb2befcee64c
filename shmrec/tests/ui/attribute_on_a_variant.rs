use shmrec::SharedRecord;

#[derive(SharedRecord)]
enum Wrong {
    #[record(capacity = 8)]
    A(String),
    #[record(skip)]
    B,
    #[record(default)]
    C,
    #[record(size = 8)]
    D(u64),
    #[record(renam = "e")]
    E,
}

fn main() {}
