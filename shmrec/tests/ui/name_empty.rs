use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(name = "")]
struct Wrong {
    #[record(rename = "")]
    a: u8,
}

fn main() {}
