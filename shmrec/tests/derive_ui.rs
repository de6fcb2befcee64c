//! What the compiler says when the derive refuses: each file in `ui/` with the words stored beside it.
//!
//! Where the derive leaves the last word to the compiler (a trait bound, a constant's evaluation), the words are those of
//! one version of it, so they are compared under that version only. `TRYBUILD=overwrite cargo test --test derive_ui`
//! stores what another says, to be read and committed with its number here.

const WORDS_OF: &str = "1.95.";

#[test]
fn each_refusal_says_what_to_do_instead() {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(compiler).arg("--version").output().expect("the compiler").stdout;
    let version = String::from_utf8_lossy(&version);
    if version.split(' ').nth(1).is_some_and(|v| v.starts_with(WORDS_OF)) || std::env::var_os("TRYBUILD").is_some() {
        trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
    } else {
        // Where all checks run, a skipped one is a failure.
        assert!(std::env::var_os("CI").is_none(), "the stored words are those of Rust {WORDS_OF}x, this is {version}");
        eprintln!("skipped: the stored words are those of Rust {WORDS_OF}x, this is {version}");
    }
}
