use std::collections::{BTreeMap, HashMap};

use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: HashMap<u32, u32>,
    b: BTreeMap<u32, u32>,
}

fn main() {}
