//! Writes another program's record again and again, as a rule says, until it is killed. Between two writes it pauses for twice as
//! long as the last one took: at full speed, readers of the one copy that there is might find it whole seldom or never.
//!
//! Arguments: place (`key N`, `posix NAME`, `file PATH`), rule.

use std::ffi::OsString;
use std::time::Instant;

use shmrec::foreign::ForeignOptions;
use shmrec_tests::alien::{Alien, place, rule};

use crate::{say, text};

pub(crate) fn run(arguments: &[OsString]) {
    let options = ForeignOptions::new(place(text(arguments, 0), text(arguments, 1)), rule(text(arguments, 2)));
    let alien = options.link().expect("the record");
    say("ready");
    for seq in 1.. {
        let (record, begun) = (Alien::new(seq), Instant::now());
        alien.write(&record).expect("a write");
        let taken = begun.elapsed();
        while begun.elapsed() < 3 * taken {
            std::hint::spin_loop();
        }
    }
}
