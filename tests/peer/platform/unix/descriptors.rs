//! A process that runs out of file descriptors.
//!
//! Argument: a directory with a segment `live` in it, and the name `gone` free. Tries each operation with no descriptor to
//! spare, then with one, and so on, until it succeeds; says what came of each attempt: `create 0 err …`, `create 1 …`.

use std::ffi::OsString;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shmrec_tests::directory::Place;
use shmrec_tests::records::Counter;

use crate::{refusal, say};

pub(crate) fn run(arguments: &[OsString]) {
    let place = Place::of_argument(&arguments[0]);
    let options = place.options();
    let files = || place.files().join(" ");
    let attempt = |operation: &str| -> Result<(), String> {
        match operation {
            "create" => options.create_with("gone", &Counter::new(1)).map(drop).map_err(|e| refusal(&e)),
            "link" => options.link::<Counter>("live").map(drop).map_err(|e| refusal(&e)),
            "reader" => options.reader::<Counter>("live").map(drop).map_err(|e| refusal(&e)),
            "either" => options.create_or_link::<Counter>("gone").map(drop).map_err(|e| match e {
                shmrec::Error::Link(e) => refusal(&e),
                shmrec::Error::Create(e) => refusal(&e),
                e => refusal(&e),
            }),
            "stored" => options.create::<Counter>("stored").map(drop).map_err(|e| refusal(&e)),
            _ => options.remove("stored").map_err(|e| refusal(&e)),
        }
    };
    let all = getrlimit(Resource::Nofile);
    for operation in ["create", "link", "reader", "either", "stored", "remove"] {
        for spare in 0..20 {
            // The lowest free number is the next one to be given.
            let next =
                std::fs::File::open("/dev/null").map(|f| std::os::fd::AsRawFd::as_raw_fd(&f)).expect("/dev/null");
            let limit = u64::from(next.unsigned_abs()) + spare;
            setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum: all.maximum }).expect("a lower limit");
            let outcome = attempt(operation);
            setrlimit(Resource::Nofile, all).expect("the old limit");
            let over = outcome.is_ok() || outcome.as_ref().is_err_and(|e| e.starts_with("err AlreadyExists"));
            say(&format!("{operation} {spare} {}", outcome.map_or_else(|e| e, |()| "done".to_owned())));
            say(&files());
            if over {
                break;
            }
        }
    }
}
