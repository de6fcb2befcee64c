use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(size = 4, size = 4)]
struct Wrong {
    #[record(rename = "b")]
    #[record(rename = "c")]
    a: u32,
}

fn main() {}
