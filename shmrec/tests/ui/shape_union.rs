use shmrec::SharedRecord;

#[derive(SharedRecord)]
union Wrong {
    a: u32,
    b: f32,
}

fn main() {}
