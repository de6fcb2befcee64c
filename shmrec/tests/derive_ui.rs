//! What the compiler says when the derive refuses: each file in `ui/` with the words stored beside it.

#[test]
fn each_refusal_says_what_to_do_instead() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
