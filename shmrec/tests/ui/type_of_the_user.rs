use shmrec::SharedRecord;

struct Point {
    x: f64,
}

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    b: Point,
    c: [Point; 2],
}

fn main() {}
