use shmrec::SharedRecord;

#[derive(SharedRecord)]
enum Shape {
    Point,
    Circle(f64),
}

fn create() {
    let _ = shmrec::Segment::<Shape>::create("shape");
}

fn main() {}
