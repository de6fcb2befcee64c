use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: *const u8,
    b: [*mut u8; 2],
    c: std::ptr::NonNull<u8>,
}

fn main() {}
