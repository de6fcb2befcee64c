use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(size = [1, 2].map(|a| a).len())]
struct Wrong {
    #[record(capacity = if true { 8 } else { 9 })]
    a: String,
    #[record(offset = match 1 { _ => 2 })]
    b: u8,
}

fn main() {}
