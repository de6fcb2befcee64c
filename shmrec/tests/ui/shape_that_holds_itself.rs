use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Node {
    value: u8,
    #[record(capacity = 2)]
    children: Vec<Node>,
}

#[derive(SharedRecord)]
enum Tree {
    Leaf,
    Fork(#[record(capacity = 2)] Vec<Option<Self>>),
}

fn main() {}
