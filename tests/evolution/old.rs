//! A program built with the first version of the record.

#[path = "version1.rs"]
mod record;
#[path = "run.rs"]
mod run;

fn main() {
    run::run();
}
