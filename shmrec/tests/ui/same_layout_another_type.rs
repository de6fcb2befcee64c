use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Inner {
    x: u16,
    y: f32,
}

#[derive(SharedRecord)]
struct OtherInner {
    x: u16,
    y: u32,
}

#[derive(SharedRecord)]
struct First {
    id: u8,
    #[record(capacity = 2)]
    parts: Vec<[Option<Inner>; 3]>,
}

#[derive(SharedRecord)]
struct Second {
    id: u8,
    #[record(capacity = 2)]
    parts: Vec<[Option<OtherInner>; 3]>,
}

shmrec::assert_same_layout!(First, Second);

fn main() {}
