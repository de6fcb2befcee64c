use std::ffi::OsString;

use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: std::path::PathBuf,
    b: OsString,
}

fn main() {}
