use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(align = 4)]
enum Wrong {
    A,
    B {
        #[record(offset = 1)]
        b: u16,
    },
}

fn main() {}
