//! A schema's text that anybody may have written.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shmrec_fuzz::schema::run(data));
