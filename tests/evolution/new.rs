//! A program built with the second version of the record.

#[path = "version2.rs"]
mod record;
#[path = "run.rs"]
mod run;

fn main() {
    run::run();
}
