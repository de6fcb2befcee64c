use shmrec::SharedRecord;

fn seven() -> u32 {
    7
}

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    #[record(default = "seven")]
    b: u32,
    #[record(skip, default = "seven()")]
    c: usize,
}

fn main() {}
