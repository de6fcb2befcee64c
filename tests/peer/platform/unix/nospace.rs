//! A process that has a file system of its own, of 64 KiB, in a mount namespace of its own.
//!
//! Argument: a directory, over which it is mounted; only this process and its children see it. Says `skipped: …` where that
//! is not permitted, else one line per step; see the test `a_full_file_system_…` for what is expected.
//!
//! # Safety
//!
//! System calls on this process, which has one thread and nothing else to lose.
#![allow(unsafe_code)]

use std::ffi::{CString, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use shmrec::SegmentOptions;
use shmrec_tests::records::{Block, Counter};

use crate::{refusal, say};

pub(crate) fn run(arguments: &[OsString]) {
    let dir = Path::new(&arguments[0]);
    if let Err(error) = mount_small(dir) {
        say(&format!("skipped: no file system of one's own here: {error}"));
        return;
    }
    let files = || std::fs::read_dir(dir).expect("the directory").count();
    let options = SegmentOptions::new().dir(dir);
    match options.create::<Block<{ 64 << 10 }>>("big") {
        Ok(_) => say("2 MiB were found in 64 KiB"),
        Err(error) => say(&format!("{} errno={:?}", refusal(&error), error.raw_os_error())),
    }
    say(&format!("{} files", files()));
    // What was reserved for it is free again.
    let small = options.create_with("small", &Counter::new(1));
    say(&small.as_ref().map_or_else(refusal, |s| format!("small {}", s.read().map_or(0, |r| r.seq))));
    drop(small);
    say(&format!("{} files", files()));

    // Until it is full: then the next is refused, and those that there are never lack a byte.
    let mut segments = Vec::new();
    let refused = loop {
        match options.create_with(&format!("n{}", segments.len()), &Counter::new(1)) {
            Ok(segment) => segments.push(segment),
            Err(error) => break error,
        }
        assert!(segments.len() < 1000, "the file system has no end");
    };
    say(&refusal(&refused));
    say(&format!("{} of {} files", segments.len(), files()));
    let whole = segments.iter().all(|segment| {
        // Every slot.
        (2..10).all(|seq| segment.write(&Counter::new(seq)).is_ok())
            && segment.read().is_ok_and(|record| record == Counter::new(9))
    });
    say(if whole { "all whole" } else { "some could not be written" });
    segments.pop();
    let again = options.create_with("again", &Counter::new(1)).map(drop);
    say(&again.map_or_else(|e| refusal(&e), |()| "again".to_owned()));
    drop(segments);
    say(&format!("{} files", files()));
}

fn mount_small(dir: &Path) -> io::Result<()> {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    // SAFETY: this process has one thread, and does nothing that its old user and mounts are needed for.
    check(unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) })?;
    // Files need an owner that the new namespace knows.
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("0 {} 1", uid.as_raw()))?;
    std::fs::write("/proc/self/gid_map", format!("0 {} 1", gid.as_raw()))?;
    let target = CString::new(dir.as_os_str().as_bytes())?;
    // SAFETY: all five are strings with a NUL at their end that outlive the call.
    check(unsafe {
        libc::mount(
            c"shmrec-tests".as_ptr(),
            target.as_ptr(),
            c"tmpfs".as_ptr(),
            libc::MS_NOSUID | libc::MS_NODEV,
            c"size=64k,mode=1777".as_ptr().cast(),
        )
    })
}

fn check(outcome: libc::c_int) -> io::Result<()> {
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
