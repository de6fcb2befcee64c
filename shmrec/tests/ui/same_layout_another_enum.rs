use shmrec::SharedRecord;

#[derive(SharedRecord)]
enum Side {
    Left,
    Right { x: u8 },
}

#[derive(SharedRecord)]
#[repr(u8)]
enum Value {
    Left,
    Right { x: u8 } = 2,
}

#[derive(SharedRecord)]
enum Variant {
    Left,
    Wrong { x: u8 },
}

#[derive(SharedRecord)]
enum Data {
    Left,
    Right { x: i8 },
}

#[derive(SharedRecord)]
#[repr(u16)]
enum Tag {
    Left,
    Right { x: u8 },
}

#[derive(SharedRecord)]
enum Fewer {
    Left,
}

#[derive(SharedRecord)]
struct Of<T> {
    side: [T; 2],
}

shmrec::assert_same_layout!(Of<Side>, Of<Side>);
shmrec::assert_same_layout!(Of<Side>, Of<Value>);
shmrec::assert_same_layout!(Of<Side>, Of<Variant>);
shmrec::assert_same_layout!(Of<Side>, Of<Data>);
shmrec::assert_same_layout!(Of<Side>, Of<Tag>);
shmrec::assert_same_layout!(Of<Side>, Of<Fewer>);

fn main() {}
