use std::sync::{Mutex, RwLock};

use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: Mutex<u32>,
    b: [RwLock<u32>; 2],
}

fn main() {}
