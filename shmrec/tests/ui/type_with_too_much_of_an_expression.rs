use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: [u8; if true { 8 } else { 9 }],
}

fn main() {}
