use shmrec::SharedRecord;

use std::cell::{OnceCell, UnsafeCell};
use std::sync::{LazyLock, OnceLock};

#[derive(SharedRecord)]
struct Wrong {
    a: OnceCell<u8>,
    b: UnsafeCell<u8>,
    c: OnceLock<u8>,
    d: LazyLock<u8>,
}

fn main() {}
