#![no_main]

#[path = "../../crates/model/tests/fuzz_bodies/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::tolerance(data));
