use shmrec::SharedRecord;

#[derive(SharedRecord)]
enum Wrong {
    A,
    B {
        #[record(default = 7)]
        b: u32,
    },
    C(#[record(default)] u8),
}

fn main() {}
