use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: &'static u32,
    b: &'static str,
    c: &'static [u8],
    d: Option<&'static mut u8>,
}

fn main() {}
