//! A short run of the two programs that run for long: `chaos` and `hostile`. See `docs/reliability.md` for the long ones.
#![cfg(target_os = "linux")]

use std::process::Command;

fn runs(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{said}");
    assert!(
        output.status.success(),
        "{arguments:?}: {}\n{said}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

#[test]
fn processes_that_are_stopped_and_killed_at_any_moment_break_no_promise() {
    for kind in [&[][..], &["--keys"]] {
        let arguments = [&["--kills", "150", "--seconds", "4", "--processes", "12", "--seed", "3"], kind].concat();
        let said = runs(env!("CARGO_BIN_EXE_chaos"), &arguments);
        assert!(said.contains(" 0 problems"), "{said}");
    }
}

#[test]
fn a_peer_that_writes_anything_anywhere_harms_nobody() {
    let said = runs(env!("CARGO_BIN_EXE_hostile"), &["--writes", "20000", "--seed", "3"]);
    assert!(said.lines().any(|line| line.starts_with("0 problems")), "{said}");
}
