use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(name = "of two")]
struct Wrong {
    #[record(rename = "a\"b")]
    a: u8,
    #[record(rename = "a\\b")]
    b: u8,
    #[record(rename = "a\u{7f}b")]
    c: u8,
}

fn main() {}
