use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct First {
    a: Option<(u8, u8)>,
}

#[derive(SharedRecord)]
struct Second {
    a: Option<[u8; 2]>,
}

#[derive(SharedRecord)]
struct Third {
    a: Option<[u8; 3]>,
}

shmrec::assert_same_layout!(First, Second);
shmrec::assert_same_layout!(Second, Third);

fn main() {}
