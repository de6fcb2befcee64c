use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(nmae = "right")]
struct Wrong {
    #[record(capasity = 8)]
    a: String,
    #[record(ofset = 0, skipp)]
    b: u8,
}

fn main() {}
