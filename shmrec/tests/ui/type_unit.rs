use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: (),
    b: [(); 4],
}

fn main() {}
