//! A process with an IPC namespace of its own, in which the limits of System V shared memory are small.
//!
//! Argument: a place of System V segments. Says `skipped: …` where that is not permitted, else one line per step; see the test
//! `what_a_creator_could_not_complete_it_takes_back` for what is expected.
//!
//! # Safety
//!
//! `unshare` of a process that has one thread and no System V objects.
#![allow(unsafe_code)]

use std::ffi::OsString;

use shmrec_tests::directory::Place;
use shmrec_tests::records::Counter;

use crate::{refusal, say};

pub(crate) fn run(arguments: &[OsString]) {
    let limit = |name: &str, value: &str| std::fs::write(format!("/proc/sys/kernel/{name}"), value);
    // SAFETY: this process has one thread, and no System V objects.
    let alone = unsafe { libc::unshare(libc::CLONE_NEWIPC) } == 0;
    if !alone || limit("shmmni", "2").is_err() {
        say("skipped: no IPC namespace of one's own here whose limits could be set");
        return;
    }
    let place = Place::of_argument(&arguments[0]);
    let options = place.options();
    let create = |name: &str| {
        options.create_with(name, &Counter::new(1)).map_err(|e| format!("{} errno={:?}", refusal(&e), e.raw_os_error()))
    };
    let files = || say(&format!("{} files", place.files().len()));
    let one = create("one");
    let two = create("two");
    say(if one.is_ok() && two.is_ok() { "two" } else { "not even two" });
    say(&create("three").map_or_else(|e| e, |_| "three of two".to_owned()));
    files();
    drop(one);
    say(&create("three").map_or_else(|e| e, |_| "again".to_owned()));
    drop(two);
    for (name, small) in [("shmmax", "4096"), ("shmall", "1")] {
        let before = std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).expect("the limit");
        limit(name, small).expect("a smaller limit");
        say(&create("four").map_or_else(|e| e, |_| format!("a segment beyond {name}")));
        limit(name, &before).expect("the old limit");
        files();
    }
}
