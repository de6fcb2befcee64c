use shmrec::SharedRecord;

use std::pin::Pin;
use std::rc::Weak;

#[derive(SharedRecord)]
struct Wrong {
    a: Weak<u8>,
    b: Pin<Box<u8>>,
    c: Option<Box<[Box<u8>]>>,
}

fn main() {}
