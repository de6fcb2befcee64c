use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Pair<T> {
    a: T,
    b: [T; 2],
}

fn record<R: SharedRecord>() {}

fn wrong() {
    record::<Pair<String>>();
}

fn main() {}
