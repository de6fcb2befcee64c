use std::rc::Rc;
use std::sync::Arc;

use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: Box<u32>,
    b: Rc<u32>,
    c: std::sync::Arc<[u8; 4]>,
    #[record(capacity = 4)]
    d: Box<[Arc<u8>]>,
}

fn main() {}
