use shmrec::SharedRecord;

struct Point {
    x: u8,
}

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = 4)]
    a: Vec<Point>,
    b: Option<Point>,
    c: (u8, Point),
}

fn main() {}
