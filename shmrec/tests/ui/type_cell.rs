use std::cell::{Cell, RefCell};

use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: Cell<u32>,
    b: RefCell<u32>,
}

fn main() {}
