use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(with = 8)]
    a: char,
    #[record(with = "to_u32()")]
    b: char,
    #[record(with)]
    c: char,
}

fn main() {}
