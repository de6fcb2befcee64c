use shmrec::SharedRecord;

use std::ffi::CString;
use std::path::Path;

#[derive(SharedRecord)]
struct Wrong {
    a: CString,
    b: &'static Path,
}

fn main() {}
