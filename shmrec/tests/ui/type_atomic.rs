use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64};

use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: AtomicU64,
    b: AtomicBool,
    c: std::sync::atomic::AtomicUsize,
    d: AtomicPtr<u8>,
}

fn main() {}
