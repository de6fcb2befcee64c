use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[repr(u8)]
enum Side {
    Left,
    Right,
}

fn record<R: SharedRecord>() {}

fn wrong() {
    record::<Side>();
}

fn main() {}
