use shmrec::SharedRecord;

use std::rc::Rc;

#[derive(SharedRecord)]
struct Wrong {
    a: (u8, usize),
    b: ((), u8),
    c: (u8, (u8, &'static str)),
    d: [(u8, Rc<u8>); 2],
    #[record(capacity = 2)]
    e: Vec<(u8, *const u8)>,
}

fn main() {}
