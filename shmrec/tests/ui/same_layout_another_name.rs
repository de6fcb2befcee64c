use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct First {
    a: u8,
    b: u16,
}

mod other {
    #[derive(shmrec::SharedRecord)]
    pub struct Second {
        a: u8,
        #[record(rename = "c")]
        b: u16,
    }
}

shmrec::assert_same_layout!(First, other::Second);

fn main() {}
