use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: usize,
    b: isize,
    c: Option<usize>,
    d: [[isize; 2]; 4],
    #[record(capacity = 4)]
    e: Vec<usize>,
    f: std::primitive::usize,
}

fn main() {}
