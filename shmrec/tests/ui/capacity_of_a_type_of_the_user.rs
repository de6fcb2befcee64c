use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Point {
    x: f64,
}

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = 8)]
    a: Point,
}

fn main() {}
