use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(align = 8)]
struct Wrong {
    a: u32,
}

fn main() {}
