//! Calls on one segment, one after the other, against a model that is a list of versions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shmrec_fuzz::operations::run(data));
