//! A file under a segment's name that anybody may have made.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shmrec_fuzz::link::run(data));
