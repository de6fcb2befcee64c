//! Chaos: tens of processes that create, link, read, write, lock, wait, release and remove, and are stopped and killed at any
//! moment, for as long as they are told; with an oracle that knows every record that was ever published.
//!
//! `cargo run --release -p shmrec-tests --bin chaos -- --minutes 10`
//!
//! | file | subject |
//! |---|---|
//! | `settings` | what was asked for |
//! | `driver` | starts processes, stops and kills them, looks at what is left |
//! | `worker` | one such process |
//! | `names` | the segments, and what each of them is |
//! | `records` | records that say who published them, and when they are torn |
//! | `oracle` | what everybody knows, and what contradicts it |
//! | `board` | the words that all these processes share, outside shmrec |
//!
//! A seed decides what each process does and when which of them is stopped or killed. How they interleave is the scheduler's
//! business, so a seed brings the same pressure back, not the same microsecond.

#[cfg(target_os = "linux")]
mod board;
#[cfg(target_os = "linux")]
mod driver;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod oracle;
#[cfg(target_os = "linux")]
mod records;
#[cfg(target_os = "linux")]
mod settings;
#[cfg(target_os = "linux")]
mod worker;

#[cfg(not(target_os = "linux"))]
mod settings {
    pub(crate) fn run() {
        eprintln!("chaos runs on Linux only");
        std::process::exit(2);
    }
}

fn main() {
    settings::run();
}
