use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(version = 2)]
struct Wrong {
    #[record(with = "module", default)]
    a: u8,
}

#[derive(SharedRecord)]
#[repr(u8)]
enum WrongEnum {
    #[record(other)]
    A,
}

fn main() {}
