//! A process that forks without executing another program, with segments in its hands.
//!
//! Arguments: directory, name. Links, takes the lock, edits under it, and forks. The child tries every inherited handle and says what
//! came of it, links afresh, and stays until its input is closed; the parent stays too, with the lock.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::io::Read;
use std::time::Duration;

use shmrec::Version;
use shmrec_tests::directory::Place;
use shmrec_tests::records::Counter;

use crate::{refusal, say, text};

/// Ends a wait that should have been refused.
const LONG: Duration = Duration::from_secs(60);

pub(crate) fn run(arguments: &[OsString]) {
    let options = Place::of_argument(&arguments[0]).options();
    let name = text(arguments, 1);
    let segment = options.link::<Counter>(name).expect("the segment");
    let reader = options.reader::<Counter>(name).expect("the segment");
    let dropped_in_child = options.link::<Counter>(name).expect("the segment");
    let mut guard = segment.lock().expect("the lock");
    // What the child must not publish with the parent's lock.
    guard.write(&Counter::new(99)).expect("an edit");
    say("locked");
    // SAFETY: this process has one thread, so the child may do everything.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            let mut outcomes = vec![
                segment.read().map_or_else(|e| refusal(&e), |_| "read".to_owned()),
                segment.write(&Counter::new(1)).map_or_else(|e| refusal(&e), |_| "written".to_owned()),
                segment.try_lock().map_or_else(|e| refusal(&e), |_| "locked".to_owned()),
                segment.users().map_or_else(|e| refusal(&e), |_| "counted".to_owned()),
                reader.read().map_or_else(|e| refusal(&e), |_| "read".to_owned()),
                reader.history().map_or_else(|e| refusal(&e), |_| "read".to_owned()),
                reader.recoveries().map_or_else(|e| refusal(&e), |_| "counted".to_owned()),
                segment.wait_version(Version::NONE, LONG).map_or_else(|e| refusal(&e), |_| "waited".to_owned()),
                reader.follow().next(LONG).map_or_else(|e| refusal(&e), |_| "followed".to_owned()),
                guard.unlock().map_or_else(|e| refusal(&e), |_| "unlocked".to_owned()),
            ];
            drop((segment, dropped_in_child));
            outcomes.push(reader.release().map_or_else(|e| refusal(&e), |()| "released".to_owned()));
            for outcome in outcomes {
                say(&format!("child {outcome}"));
            }
            let fresh = options.link::<Counter>(name).map(|s| s.read().map(|r| r.seq));
            say(&format!("child fresh {fresh:?}"));
            say(&format!("child pid {}", std::process::id()));
            wait_for_the_end();
        }
        _ => wait_for_the_end(),
    }
}

fn wait_for_the_end() {
    let mut rest = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut rest);
}
