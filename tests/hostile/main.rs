//! A peer with write permission that means harm, and the processes that it means to harm.
//!
//! `cargo run --release -p shmrec-tests --bin hostile -- --writes 1000000`
//!
//! | file | subject |
//! |---|---|
//! | `driver` | who does what to whom, for how long |
//! | `scribbler` | what it writes, and where |
//! | `names` | what it puts under a segment's name |
//! | `victim` | a process that reads, writes, links while that goes on |
//!
//! Every call of a victim must end within its bound with a value or a typed error; a victim that is killed by a signal, panics
//! or hangs fails the run. Where it can, a victim puts memory that may not be touched before and behind its mapping, so that a
//! load or store outside is a fatal signal.

#[cfg(target_os = "linux")]
mod driver;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod scribbler;
#[cfg(target_os = "linux")]
mod victim;

#[cfg(not(target_os = "linux"))]
mod driver {
    pub(crate) fn run() {
        eprintln!("hostile runs on Linux only");
        std::process::exit(2);
    }
}

fn main() {
    driver::run();
}
