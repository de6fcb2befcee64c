use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong<T: ?Sized> {
    a: u8,
    b: T,
}

fn main() {}
