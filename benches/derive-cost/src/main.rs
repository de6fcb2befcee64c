//! What the derive adds to a compilation, beside what serde's two derives add on the same struct of a hundred fields.
//!
//! `cargo run --manifest-path benches/derive-cost/Cargo.toml` compiles the library beside this with either derive and with
//! none, in turn, by the very commands that Cargo gives to the compiler, and prints the processor's time of each. What the
//! crate takes without a derive is subtracted. With `-- --once` it does so once, to see that it works.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the struct derives.
const DERIVES: [&str; 3] = ["none", "serde", "shmrec"];
const MODES: [&[&str]; 3] = [&["check"], &["build"], &["build", "--release"]];
const ROUNDS: usize = 21;

fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--once") { 1 } else { ROUNDS };
    println!("processor time in ms, the median of {rounds} (what the derive adds to the crate without one)");
    for mode in MODES {
        let commands = DERIVES.map(|derive| compiler_command(mode, derive));
        let mut times = [const { Vec::new() }; DERIVES.len()];
        for _ in 0..rounds {
            for (command, times) in commands.iter().zip(&mut times) {
                times.push(time_of(command));
            }
        }
        let [none, serde, shmrec] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        println!(
            "{:21} none {none:4.0}   serde {serde:4.0} (+{:3.0})   shmrec {shmrec:4.0} (+{:3.0})   shmrec adds {:.2} of what serde adds",
            format!("cargo {}", mode.join(" ")),
            serde - none,
            shmrec - none,
            (shmrec - none) / (serde - none),
        );
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The command by which Cargo compiles the library, everything that it depends on having been compiled.
fn compiler_command(mode: &[&str], derive: &str) -> String {
    // Cargo prints only the commands that it runs, so that the library must seem to have changed.
    let source = root().join("src/lib.rs");
    let changed = std::fs::File::options()
        .append(true)
        .open(&source)
        .and_then(|file| file.set_modified(std::time::SystemTime::now()));
    changed.expect("the library's source is this program's to touch");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(mode).args(["-v", "--lib", "--color=never", "--manifest-path"]).arg(root().join("Cargo.toml"));
    // A directory for each, or each would have the others' work undone.
    let target: PathBuf = [env!("CARGO_MANIFEST_DIR"), "target", "cost", derive].iter().collect();
    cargo.arg("--target-dir").arg(target);
    if derive != "none" {
        cargo.args(["--features", derive]);
    }
    let output = cargo.output().expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let mut commands = said.lines().filter_map(|line| line.trim().strip_prefix("Running `")?.strip_suffix('`'));
    let own = commands.rfind(|line| line.contains("--crate-name shmrec_derive_cost "));
    own.unwrap_or_else(|| panic!("no such command in {said}")).to_owned()
}

/// Milliseconds of the processor's time that a command takes, the system's share included.
fn time_of(command: &str) -> f64 {
    let output = Command::new("bash")
        .args(["-c", &format!("{command} > /dev/null 2>&1 || exit 1; times")])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .expect("bash starts");
    assert!(output.status.success(), "{command}");
    // The second line is that of the shell's children: `0m0.075s 0m0.020s`.
    let said = String::from_utf8_lossy(&output.stdout);
    let children = said.lines().nth(1).expect("the children's times");
    let times = children.split_whitespace().map(|time| {
        let (minutes, seconds) = time.trim_end_matches('s').split_once('m').expect("minutes and seconds");
        let number = |text: &str| text.replace(',', ".").parse::<f64>().expect("a number");
        (number(minutes) * 60.0 + number(seconds)) * 1000.0
    });
    times.sum()
}
