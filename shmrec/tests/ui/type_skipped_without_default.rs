use shmrec::SharedRecord;

struct NoDefault;

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    #[record(skip)]
    b: NoDefault,
}

fn main() {}
