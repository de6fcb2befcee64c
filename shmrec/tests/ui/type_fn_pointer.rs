use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: fn(u32) -> u32,
    b: Option<extern "C" fn()>,
}

fn main() {}
