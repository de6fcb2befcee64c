use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: Box<dyn Send>,
    b: dyn Sync,
}

fn main() {}
