use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Samples<const N: usize> {
    samples: [f32; N],
}

const SIZE: usize = <Samples<0> as shmrec::SharedField>::SIZE;

fn main() {}
