//! What the compiler says when the derive refuses: each file in `ui/` with the words stored beside it.
//!
//! Where the derive leaves the last word to the compiler (a trait bound, a constant's evaluation), the words are those of
//! Rust 1.95. Another version may say it differently: `TRYBUILD=overwrite cargo test --test derive_ui` stores what it
//! says, to be read and committed.

#[test]
fn each_refusal_says_what_to_do_instead() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
