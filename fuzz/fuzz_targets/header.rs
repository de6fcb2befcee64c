//! A header that anybody may have written.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shmrec_fuzz::header::run(data));
