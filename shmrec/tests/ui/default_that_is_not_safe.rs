use shmrec::SharedRecord;

const unsafe fn seven() -> u8 {
    7
}

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    #[record(skip, default = seven())]
    b: u8,
    #[record(default = seven())]
    c: u8,
}

fn main() {}
