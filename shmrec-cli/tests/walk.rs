//! The walk of `docs/command.md`, as a new user takes it: the steps are the text of the document.
//!
//! Commands run one after the other in one shell; what they print must be what the document shows, where `[..]` stands for
//! anything in a line, and `...` for any lines. Of cargo only the outcome is taken: the programs are those of this build.
#![cfg(target_os = "linux")]

#[path = "support/mod.rs"]
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use support::{Dir, SHMREC};
use terminal::Terminal;

const DOCUMENT: &str = include_str!("../../docs/command.md");

/// A command of the document, and what it prints there.
#[derive(Debug)]
struct Step {
    command: String,
    expected: Vec<String>,
}

/// The steps of the section under `heading`.
fn steps(document: &str, heading: &str) -> Vec<Step> {
    let section = document.split(&format!("\n## {heading}\n")).nth(1).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in section.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), expected: Vec::new() }),
                (None, Some(step)) => step.expected.push(line.to_owned()),
                (None, None) => panic!("output before the first command: {line}"),
            },
        }
    }
    steps
}

/// Whether `line` is `pattern`, in which `[..]` stands for anything.
fn is_like(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether the lines are the patterns, of which `...` stands for any lines.
fn are_like(lines: &[&str], patterns: &[&str]) -> bool {
    match patterns.split_first() {
        None => lines.is_empty(),
        Some((&"...", patterns)) => (0..=lines.len()).any(|skipped| are_like(&lines[skipped..], patterns)),
        Some((pattern, patterns)) => {
            lines.split_first().is_some_and(|(line, lines)| is_like(line, pattern) && are_like(lines, patterns))
        }
    }
}

/// The built example: `target/<profile>/examples/<name>`, beside `target/<profile>/deps/<this test>`.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's own file");
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
    let path = profile.join("examples").join(name);
    assert!(
        path.is_file(),
        "{} is not there: build the examples first (`cargo build -p shmrec-examples --examples`; a plain `cargo test \
         --workspace` does it by itself)",
        path.display()
    );
    path
}

/// A shell that runs one command after the other.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    const END: &str = "--- end of the command";

    fn start(dir: &Dir) -> Self {
        let mut command = Command::new("bash");
        command.args(["--norc", "--noprofile"]).env("SHMREC_DIR", dir.path()).env_remove("NO_COLOR");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("bash");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let mut shell = Self { child, input, output };
        let programs = Path::new(SHMREC).parent().expect("target/<profile>");
        // Installing is building and copying, which is done already; running an example is running what was built.
        let cargo = format!(
            "PATH={}:$PATH\ncargo() {{ if [ \"$1\" = run ]; then shift 5; exec {} \"$@\"; fi; }}",
            programs.display(),
            example("sysmon").display()
        );
        assert_eq!(shell.run(&cargo), Vec::<String>::new());
        shell
    }

    /// What a command prints, to either output.
    fn run(&mut self, command: &str) -> Vec<String> {
        writeln!(self.input, "{{ {command}\n}} 2>&1; echo '{}'", Self::END).expect("the shell reads");
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).expect("UTF-8") > 0, "the shell ended in: {command}");
            if line.trim_end() == Self::END {
                return lines;
            }
            lines.push(line.trim_end_matches('\n').to_owned());
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // What it runs in the background goes with it.
        let _ = writeln!(self.input, "kill -KILL $(jobs -p); exit");
        let _ = self.child.wait();
    }
}

#[test]
fn the_walk_of_the_document_is_as_it_says() {
    let dir = Dir::new();
    let mut shell = Shell::start(&dir);
    let steps = steps(DOCUMENT, "A first walk");
    assert!(steps.len() > 10, "{steps:?}");
    for Step { command, expected } in &steps {
        if command == "shmrec top" {
            look_around(&dir);
            continue;
        }
        let lines = shell.run(command);
        let (lines, patterns): (Vec<&str>, Vec<&str>) =
            (lines.iter().map(|l| l.trim_end()).collect(), expected.iter().map(|l| l.trim_end()).collect());
        assert!(are_like(&lines, &patterns), "$ {command}\n{}\n\nand not\n\n{}", lines.join("\n"), expected.join("\n"));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "doctor has mended all");
}

/// The full screen, by the keys that the document names.
fn look_around(dir: &Dir) {
    let mut top = Terminal::start(SHMREC, dir.path(), &["top"], (30, 110));
    top.until_shown("1 segment, 1 in use");
    top.press("\r");
    top.until_shown("publisher");
    assert!(top.line("users").contains("(sysmon)"));
    // `taken` is the second field, and a number.
    top.press(terminal::DOWN);
    top.press("p");
    top.until_shown("taken = ");
    top.press("?");
    top.until_shown("quit");
    top.press("?");
    top.press("q");
    assert_eq!(top.end(), 0);
}

#[test]
fn the_readme_has_the_same_first_steps() {
    let readme = include_str!("../../README.md");
    for command in ["cargo install --path shmrec-cli", "shmrec list", "shmrec top", "shmrec doctor"] {
        assert!(readme.contains(command), "{command}");
    }
}

#[test]
fn patterns_tell_the_same_from_another() {
    assert!(is_like("a 12 b", "a [..] b") && is_like("", "") && is_like("x", "[..]"));
    assert!(!is_like("a 12 c", "a [..] b") && !is_like("x a", "a") && !is_like("a x", "a"));
    assert!(are_like(&["a", "b", "c"], &["a", "...", "c"]) && are_like(&[], &["..."]));
    assert!(!are_like(&["a", "b"], &["a"]) && !are_like(&["a"], &["a", "b"]));
}
