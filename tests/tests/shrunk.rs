//! Segments that are cut short under those who use them: one test per row of the table in `docs/reliability.md`, the
//! unprotected ones too.
#![cfg(target_os = "linux")]

use std::os::unix::fs::chown;
use std::os::unix::process::ExitStatusExt;

use rustix::process::{Signal, WaitOptions, WaitStatus};
use shmrec::{LinkError, Perms, Reader, TrustOwner};
use shmrec_tests::directory::TestDir;
use shmrec_tests::is_root_or_skipped;
use shmrec_tests::options::Options;
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::Counter;

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// Lets the peer do `command` on the segment that has just been cut to nothing; gives the signal that it died of.
fn fatal(mut peer: Peer, command: &str) -> Option<i32> {
    peer.tell(command);
    let answer = peer.try_hear();
    let pid = rustix::process::Pid::from_raw(peer.id() as i32);
    if let Some(answer) = answer {
        eprintln!("it lives: {answer}");
        return None;
    }
    let status: WaitStatus = rustix::process::waitpid(pid, WaitOptions::empty()).unwrap().unwrap().1;
    std::process::ExitStatus::from_raw(status.as_raw()).signal()
}

fn cut(dir: &TestDir, name: &str) {
    RawSegment::open(&dir.file(name)).file().set_len(0).unwrap();
}

/// Row 1, and the last one: mapped. Whoever owns the file, or was given the right to write, can shrink it: unprotected, and said
/// to be.
#[test]
fn a_segment_that_its_own_user_shrinks_is_a_signal_to_those_who_map_it() {
    let dir = TestDir::new();
    let _segment = dir.options().create_with("own", &Counter::new(1)).unwrap();
    for (link, command) in [("reader own", "read"), ("link own", "read"), ("link own", "write 2")] {
        let mut peer = Peer::repl(PEER, &dir);
        peer.must(link);
        assert_eq!(peer.must("mapped"), "true");
        let whole = std::fs::read(dir.file("own")).unwrap();
        cut(&dir, "own");
        assert_eq!(fatal(peer, command), Some(Signal::BUS.as_raw()), "{link}, {command}");
        std::fs::write(dir.file("own"), whole).unwrap();
    }
}

#[test]
fn a_segment_that_others_may_write_is_a_signal_when_one_of_them_shrinks_it() {
    if !is_root_or_skipped("a segment that others may write") {
        return;
    }
    let dir = TestDir::new();
    let _segment = dir.options().perms(Perms::RWRWRW).create_with("open", &Counter::new(1)).unwrap();
    let mut peer = Peer::repl(PEER, &dir);
    peer.must("reader open");
    // Another user, by the right that the mode gives.
    let script = "exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c ': > \"$0\"' \"$0\"";
    let other = std::process::Command::new("sh").args(["-c", script]).arg(dir.file("open")).status().unwrap();
    assert!(other.success());
    assert_eq!(fatal(peer, "read"), Some(Signal::BUS.as_raw()));
}

/// Row 2: protected.
#[test]
fn another_user_s_segment_is_copied_and_shrinking_it_is_an_error() {
    if !is_root_or_skipped("another user's segment") {
        return;
    }
    let (dir, reader) = another_user_s("foreign", dir_options);
    assert!(!reader.is_mapped());
    assert_eq!(reader.read().unwrap(), Counter::new(1));
    for len in [8300, 600, 512, 100, 0] {
        RawSegment::open(&dir.file("foreign")).file().set_len(len).unwrap();
        let error = reader.read().unwrap_err();
        assert!(error.to_string().contains("cut short"), "{len} bytes: {error}");
        assert!(reader.history().is_err() && reader.wait_newer(reader.version(), std::time::Duration::ZERO).is_err());
    }
}

/// Row 3: refused.
#[test]
fn another_user_s_segment_is_not_written() {
    if !is_root_or_skipped("another user's segment") {
        return;
    }
    let (dir, _reader) = another_user_s("foreign", dir_options);
    let Err(LinkError::UntrustedOwner(error)) = dir.options().link::<Counter>("foreign") else { panic!("linked") };
    assert!(error.to_string().contains("trust_owner"), "{error}");
}

/// The same two with `trust_owner`: unprotected, by the program's own word.
#[test]
fn a_trusted_owner_s_segment_is_mapped_and_shrinking_it_is_a_signal() {
    if !is_root_or_skipped("another user's segment") {
        return;
    }
    let (dir, reader) = another_user_s("trusted", |options| options.trust_owner(TrustOwner::Uid(65534)));
    assert!(reader.is_mapped());
    for (link, command) in [("reader trusted trust=yes", "read"), ("link trusted trust=yes", "write 4")] {
        let mut peer = Start::new(PEER, "repl").arg(dir.path()).spawn();
        peer.must(link);
        assert_eq!(peer.must("mapped"), "true");
        let whole = std::fs::read(dir.file("trusted")).unwrap();
        cut(&dir, "trusted");
        assert_eq!(fatal(peer, command), Some(Signal::BUS.as_raw()), "{link}");
        std::fs::write(dir.file("trusted"), whole).unwrap();
    }
}

fn dir_options(options: Options) -> Options {
    options
}

/// A segment of user 65534, and a reader of this one.
fn another_user_s(name: &str, trust: fn(Options) -> Options) -> (TestDir, Reader<Counter>) {
    let dir = TestDir::new();
    let segment = dir.options().create_with(name, &Counter::new(1)).unwrap();
    chown(segment.path(), Some(65534), None).unwrap();
    let reader = trust(dir.options()).reader::<Counter>(name).unwrap();
    drop(segment);
    (dir, reader)
}
