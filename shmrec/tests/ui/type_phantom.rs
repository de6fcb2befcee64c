use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    b: std::marker::PhantomData<u32>,
}

fn main() {}
