//! The other process: started by the tests in one of several modes, told line by line what to do, killed at any moment.

mod foreign;
mod platform;
mod race;
mod repl;
mod shapes;
#[cfg_attr(not(target_os = "linux"), path = "no_steps.rs")]
mod steps;
mod store;
mod torn;

use std::ffi::OsString;

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let mode = arguments.next().unwrap_or_default();
    let arguments: Vec<OsString> = arguments.collect();
    match mode.to_str() {
        Some("repl") => repl::run(&arguments),
        Some("race") => race::run(&arguments),
        Some("torn-write") => torn::write(&arguments),
        Some("torn-read") => torn::read(&arguments),
        Some("steps") => steps::run(&arguments),
        Some("foreign") => foreign::run(&arguments),
        Some("store") => store::run(&arguments),
        Some("shape") => shapes::run(&arguments),
        Some(mode) if platform::run(mode, &arguments) => {}
        _ => panic!("no such mode: {mode:?}"),
    }
}

/// The argument `i` as text.
fn text(arguments: &[OsString], i: usize) -> &str {
    arguments.get(i).and_then(|a| a.to_str()).unwrap_or_else(|| panic!("argument {i}"))
}

/// Says a line to the test, at once.
fn say(line: &str) {
    use std::io::Write;
    let mut output = std::io::stdout().lock();
    // A test that has ended does not hear it.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

/// An error as the tests read it: the variant's name, then the words.
fn refusal(error: &(impl std::fmt::Debug + std::fmt::Display)) -> String {
    let debug = format!("{error:?}");
    let variant: String = debug.chars().take_while(|c| c.is_alphanumeric()).collect();
    format!("err {variant} {error}").replace('\n', " ")
}
