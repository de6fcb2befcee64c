use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(as = "String")]
    a: Box<str>,
    #[record(as = "Vec<String>", capacity = 8)]
    b: Names,
}

struct Names(Vec<String>);

fn main() {}
