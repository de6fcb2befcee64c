use shmrec::SharedRecord;

#[derive(SharedRecord)]
enum Wrong {
    Off,
    On = 5,
}

fn main() {}
