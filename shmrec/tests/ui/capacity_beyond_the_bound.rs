use shmrec::SharedRecord;

const MANY: usize = (1 << 30) + 1;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = 1073741825)]
    a: String,
    #[record(capacity = 100000000000000000000)]
    b: String,
}

#[derive(SharedRecord)]
struct AlsoWrong {
    #[record(capacity = MANY)]
    a: String,
}

fn main() {}
