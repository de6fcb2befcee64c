//! Bytes of a record that another process may have written.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shmrec_fuzz::image::run(data));
