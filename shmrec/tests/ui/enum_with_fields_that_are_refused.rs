use shmrec::SharedRecord;

use std::sync::Mutex;

#[derive(SharedRecord)]
enum Wrong {
    A(usize),
    B { b: &'static str },
    C(u8, String),
    D {
        #[record(capacity = 4)]
        d: [u8; 4],
        #[record(rename = "d")]
        e: Mutex<u8>,
    },
    E(()),
}

fn main() {}
