use shmrec::{SharedField, SharedRecord};

#[derive(SharedRecord)]
#[record(size = 8)]
struct Pair<T>(T, T);

const RIGHT: usize = Pair::<u32>::SIZE;
const WRONG: usize = Pair::<u64>::SIZE;

fn main() {}
