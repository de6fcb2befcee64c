//! Names of segments and paths of fields that anybody may have typed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shmrec_fuzz::names::run(data));
