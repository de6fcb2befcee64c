//! Exact permissions, and whose segments are read, written, mapped and removed by whom.
//!
//! Tests about several users need root, who becomes them; without it they say `skipped`. The peer program is copied to where
//! every user may execute it, since the directory that it was built in may be closed to others.
#![cfg(unix)]

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use shmrec::{Perms, ReadError, Reader, TrustOwner, Version, WaitError};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::is_root_or_skipped;
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::Counter;

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// Two users without any rights. No such account needs to exist.
const ANN: u32 = 65534;
const BEN: u32 = 65533;

/// The peer program, where every user may execute it.
struct Program(PathBuf);

impl Program {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        // Not in the tests' directory of segments: what is mounted there may forbid execution.
        let directory = std::env::temp_dir().join(format!("shmrec-peer-{}-{n}", std::process::id()));
        std::fs::create_dir(&directory).expect("a directory for the peer program");
        let this = Self(directory);
        std::fs::set_permissions(&this.0, PermissionsExt::from_mode(0o755)).expect("chmod");
        // By another process: this one's threads start programs at the same time, and each would inherit the open file.
        let copied = Command::new("cp").arg(PEER).arg(this.path()).status().expect("cp");
        assert!(copied.success(), "cp: {copied}");
        std::fs::set_permissions(this.path(), PermissionsExt::from_mode(0o755)).expect("chmod");
        this
    }

    fn path(&self) -> PathBuf {
        self.0.join("peer")
    }

    /// A peer for segments in `dir`, about to be started.
    fn start(&self, dir: &TestDir) -> Start {
        Start::new(self.path().to_str().expect("a path in UTF-8"), "repl").arg(dir.to_argument())
    }

    /// A peer of the user `uid`. Needs root.
    fn of(&self, uid: u32, dir: &TestDir) -> Peer {
        self.start(dir).user(uid).spawn_in(dir.path())
    }

    /// A peer of a user without rights: this one, or what root becomes.
    fn ordinary(&self, dir: &TestDir) -> Peer {
        as_ordinary(self.start(dir)).spawn_in(dir.path())
    }
}

fn as_ordinary(start: Start) -> Start {
    if rustix::process::geteuid().is_root() { start.user(ANN) } else { start }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The permission bits of the segment's file; of a System V segment, those of the segment, which its companion file must have
/// too.
#[track_caller]
fn mode(dir: &TestDir, name: &str) -> u32 {
    let mode = std::fs::metadata(dir.file(name)).expect("the segment's file").mode() & 0o7777;
    if dir.kind() == Kind::Keyed {
        assert_eq!(dir.segment(name).expect("the segment").mode, mode, "segment and companion file differ");
    }
    mode
}

/// What the kernel's list of a process's mappings has for a segment: the inode of its file, or the id of a System V segment.
fn mapped_as(dir: &TestDir, name: &str) -> String {
    match dir.kind() {
        Kind::Named => std::fs::metadata(dir.file(name)).expect("the segment's file").ino().to_string(),
        Kind::Keyed => dir.segment(name).expect("the segment").id.to_string(),
    }
}

/// The protections of all mappings of a segment in a process.
fn mappings(process: u32, dir: &TestDir, name: &str) -> Vec<String> {
    let inode = mapped_as(dir, name);
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).expect("the process's maps");
    let fields = maps.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields.filter(|fields| fields[4] == inode).map(|fields| fields[1].to_owned()).collect()
}

/// What the kernel permits with the first mapping of a segment in a process (`mw`: it may be made writable), where it says so.
fn mapping_flags(process: u32, dir: &TestDir, name: &str) -> Option<String> {
    let inode = mapped_as(dir, name);
    let maps = std::fs::read_to_string(format!("/proc/{process}/smaps")).ok()?;
    let mut lines = maps.lines();
    // The line of the mapping itself has six fields, the fifth of which is the inode.
    lines.find(|line| line.split_whitespace().nth(4) == Some(&inode))?;
    lines.find_map(|line| line.strip_prefix("VmFlags:")).map(str::to_owned)
}

/// Checks that a segment is not in use, and is there only because its owner has not come yet.
#[track_caller]
fn left_to_its_owner(dir: &TestDir, name: &str) {
    match dir.kind() {
        Kind::Named => {
            let len = std::fs::metadata(dir.file(name)).expect("the segment's file").len();
            assert_eq!(len, 0, "the last one out has not emptied the file");
        }
        Kind::Keyed => assert_eq!(dir.segment(name).expect("the segment").attached, 0),
    }
}

#[track_caller]
fn refused(answer: &str, variant: &str) {
    assert!(answer.starts_with(&format!("err {variant} ")), "{answer:?} where {variant} was expected");
}

fn a_segment_has_exactly_the_mode_that_was_asked_for_under_every_umask(kind: Kind) {
    let program = Program::new();
    let dir = TestDir::of(kind);
    for umask in [0o000, 0o022, 0o077] {
        let mut creator = as_ordinary(program.start(&dir)).umask(umask).spawn_in(dir.path());
        // All 64 combinations of read and write bits.
        for asked in (0..=0o666).filter(|mode| mode & !0o666 == 0) {
            creator.must(&format!("create exact seq=1 mode={asked:o}"));
            assert_eq!(mode(&dir, "exact"), asked, "umask {umask:03o}, asked for {asked:03o}");
            creator.must("write 2");
            assert_eq!(creator.must("read"), "2", "the creator's own handle reads and writes whatever the mode is");
            creator.must("release");
            assert!(dir.files().is_empty(), "umask {umask:03o}, mode {asked:03o}: the name stayed");
        }
        creator.finish();
    }
}

fn an_umask_that_takes_the_owner_s_own_rights_does_not_matter_either(kind: Kind) {
    let program = Program::new();
    let dir = TestDir::of(kind);
    for umask in [0o777, 0o700, 0o200, 0o400] {
        let mut creator = as_ordinary(program.start(&dir)).umask(umask).spawn_in(dir.path());
        for asked in [0o400, 0o600, 0o644, 0o000] {
            let answer = creator.ask(&format!("create exact seq=1 mode={asked:o}"));
            assert_eq!(answer, "ok", "umask {umask:03o}, asked for {asked:03o}");
            assert_eq!(mode(&dir, "exact"), asked, "umask {umask:03o}, asked for {asked:03o}");
            creator.must("write 2");
            creator.must("release");
        }
        creator.finish();
    }
    assert!(dir.files().is_empty());
}

fn the_named_modes_are_what_their_names_say_and_the_default_is_for_this_user_alone(kind: Kind) {
    let dir = TestDir::of(kind);
    for (perms, bits) in [(Perms::R, 0o400), (Perms::RRR, 0o444), (Perms::RW, 0o600), (Perms::RWRWRW, 0o666)] {
        let _segment = dir.options().perms(perms).create::<Counter>("named").unwrap();
        assert_eq!(mode(&dir, "named"), bits, "{perms}");
    }
    let _segment = dir.options().create::<Counter>("default").unwrap();
    assert_eq!(mode(&dir, "default"), 0o600);
    for bits in [0o1, 0o10, 0o100, 0o777, 0o1600, 0o2600, 0o4600, 0o10_600, u32::MAX] {
        let error = Perms::from_mode(bits).unwrap_err();
        assert!(error.to_string().contains(&format!("{bits:04o}")), "{error}");
    }
}

fn one_who_links_does_not_change_the_mode_whatever_the_options_say(kind: Kind) {
    let dir = TestDir::of(kind);
    let _segment = dir.options().perms(Perms::from_mode(0o640).unwrap()).create_with("mode", &Counter::new(1)).unwrap();
    let options = dir.options().perms(Perms::RWRWRW);
    let _handles = (options.link::<Counter>("mode").unwrap(), options.reader::<Counter>("mode").unwrap());
    assert!(options.create::<Counter>("mode").is_err());
    assert_eq!(mode(&dir, "mode"), 0o640);
}

fn a_segment_for_its_user_alone_is_closed_to_everybody_else(kind: Kind) {
    if !is_root_or_skipped("a segment that is closed to others") {
        return;
    }
    let program = Program::new();
    let dir = TestDir::of(kind);
    // Of root's, and of another user without rights.
    let _of_root = dir.options().create_with("private", &Counter::new(1)).unwrap();
    let mut ben = program.of(BEN, &dir);
    ben.must("create bens seq=2 mode=600");
    let mut ann = program.of(ANN, &dir);
    for name in ["private", "bens"] {
        refused(&ann.ask(&format!("reader {name}")), "PermissionDenied");
        refused(&ann.ask(&format!("reader {name} trust=yes")), "PermissionDenied");
        refused(&ann.ask(&format!("link {name} trust=yes")), "PermissionDenied");
        refused(&ann.ask(&format!("remove {name}")), "PermissionDenied");
        // All that can be seen of it is that it is there, and whose it is.
        let answer = ann.ask(&format!("create {name}"));
        refused(&answer, "AlreadyExists");
        let owner = if name == "bens" { BEN } else { 0 };
        assert!(answer.contains(&format!("owned by user {owner}")), "{answer}");
    }
    refused(&ann.ask("link private"), "PermissionDenied");
    // Whose it is matters where the owner could shrink it.
    refused(&ann.ask("link bens"), if kind == Kind::Named { "UntrustedOwner" } else { "PermissionDenied" });
    assert_eq!(dir.files(), ["shmrec.bens", "shmrec.private"]);
    assert_eq!((mode(&dir, "bens"), mode(&dir, "private")), (0o600, 0o600));
}

#[test]
fn a_readable_segment_of_another_user_is_read_without_mapping_it() {
    if !is_root_or_skipped("a segment of another user") {
        return;
    }
    let program = Program::new();
    let dir = TestDir::new();
    let mut owner = program.of(ANN, &dir);
    owner.must("create open seq=1 mode=444");
    let mut reader = program.of(BEN, &dir);
    reader.must("reader open");
    assert_eq!(reader.must("mapped"), "false");
    assert_eq!(mappings(reader.id(), &dir, "open"), Vec::<String>::new());
    assert_eq!(
        (reader.must("read"), reader.must("version"), reader.must("users")),
        ("1".into(), "1".into(), "2".into())
    );
    for seq in 2..20 {
        reader.tell(&format!("wait {}", seq - 1));
        owner.must(&format!("write {seq}"));
        assert_eq!(reader.hear(), format!("ok {seq} {seq}"));
        assert_eq!(reader.must("read"), seq.to_string());
    }
    refused(&reader.ask("wait 19 ms=20"), "Timeout");
    refused(&reader.ask("link open"), "UntrustedOwner");
    // Trust makes it a mapping, and no more writable than it is.
    reader.must("reader open trust=yes");
    assert_eq!((reader.must("mapped"), reader.must("read")), ("true".into(), "19".into()));
    assert_eq!(mappings(reader.id(), &dir, "open"), ["r--s"]);
    refused(&reader.ask("link open trust=yes"), "PermissionDenied");
    reader.must("release");
    owner.must("release");
    assert!(dir.files().is_empty());
}

/// What a reader gives that does not map the segment is what one gives that does.
#[test]
fn every_way_of_reading_works_without_a_mapping() {
    if !is_root_or_skipped("a segment of another user") {
        return;
    }
    let dir = TestDir::new();
    let segment = dir.options().slots(8).create_with("open", &Counter::new(1)).unwrap();
    for seq in 2..=10 {
        segment.write(&Counter::new(seq)).unwrap();
    }
    // Given away: now it is another user's, for all who link from here on.
    std::os::unix::fs::chown(dir.file("open"), Some(ANN), None).unwrap();
    let copied: Reader<Counter> = dir.options().reader("open").unwrap();
    assert!(!copied.is_mapped() && segment.is_mapped());

    let f = <Counter as shmrec::SharedRecord>::fields();
    assert_eq!(copied.read().unwrap(), Counter::new(10));
    assert_eq!(copied.read_versioned().unwrap().version.get(), 10);
    assert_eq!(*copied.read_boxed().unwrap(), Counter::new(10));
    let mut record = Counter::new(0);
    assert_eq!((copied.read_into(&mut record).unwrap().get(), record), (10, Counter::new(10)));
    assert_eq!(copied.get((f.check, f.seq)).unwrap(), (!10, 10));
    assert_eq!(copied.get(f.text).unwrap(), "10");
    let mut bytes = [0; 11];
    copied.read_bytes(5, &mut bytes).unwrap();
    let mut mapped = [0; 11];
    segment.read_bytes(5, &mut mapped).unwrap();
    assert_eq!(bytes, mapped);
    assert_eq!(copied.read_version(Version::new(5)).unwrap(), Counter::new(5));
    assert!(matches!(copied.read_version(Version::new(2)), Err(ReadError::NoSuchVersion(_))));
    assert!(matches!(copied.read_version(Version::new(11)), Err(ReadError::NoSuchVersion(_))));
    assert!(matches!(copied.read_version(Version::NONE), Err(ReadError::NotYetWritten(_))));
    assert_eq!(copied.history().unwrap(), segment.history().unwrap());
    let mut follower = copied.follow();
    for seq in 11..=30 {
        segment.write(&Counter::new(seq)).unwrap();
        let next = follower.next(std::time::Duration::from_secs(60)).unwrap();
        assert_eq!((next.version.get(), next.record), (seq, Counter::new(seq)));
    }
    assert_eq!((follower.missed(), copied.recoveries().unwrap(), copied.users().unwrap()), (0, 0, 2));
    assert_eq!(copied.schema(), segment.schema());
}

#[test]
fn a_segment_that_is_cut_short_under_its_reader_is_an_error_and_not_a_signal() {
    if !is_root_or_skipped("a segment of another user") {
        return;
    }
    let program = Program::new();
    for left in ["nothing", "the header", "half a slot"] {
        let dir = TestDir::new();
        let mut owner = program.of(ANN, &dir);
        owner.must("create shrunk seq=1 mode=444");
        let mut reader = program.of(BEN, &dir);
        reader.must("reader shrunk");
        let here: Reader<Counter> = dir.options().reader("shrunk").unwrap();
        assert_eq!(reader.must("read"), "1");

        let raw = RawSegment::open(&dir.file("shrunk"));
        let len = match left {
            "nothing" => 0,
            "the header" => 512,
            // Version 1 is in slot 1.
            _ => raw.records() + raw.stride() + 8,
        };
        let transfer = raw.transfer();
        raw.file().set_len(len).unwrap();
        refused(&reader.ask("read"), "Truncated");
        assert!(matches!(here.read(), Err(ReadError::Truncated(_))), "{left}");
        assert!(matches!(here.history(), Err(ReadError::Truncated(_))), "{left}");
        match here.wait_newer(Version::NONE, std::time::Duration::from_secs(60)) {
            Err(WaitError::Read(ReadError::Truncated(failure))) => {
                assert!(failure.to_string().contains("cut short"), "{failure}");
            }
            other => panic!("{left}: {other:?}"),
        }
        if len < transfer {
            assert!(matches!(here.recoveries(), Err(ReadError::Truncated(_))), "{left}");
            assert_eq!(here.version(), Version::NONE, "{left}");
        }
        // It lives still, to be asked again and released in order.
        refused(&reader.ask("read"), "Truncated");
        reader.must("release");
        reader.finish();
        here.release().unwrap();
    }
}

#[test]
fn a_writable_segment_of_another_user_is_not_written_unless_its_owner_is_trusted() {
    if !is_root_or_skipped("a segment of another user") {
        return;
    }
    let program = Program::new();
    let dir = TestDir::new();
    let mut owner = program.of(ANN, &dir);
    owner.must("create shared seq=1 mode=666");
    let mut other = program.of(BEN, &dir);
    let answer = other.ask("link shared");
    refused(&answer, "UntrustedOwner");
    assert!(answer.contains(&format!("TrustOwner::Uid({ANN})")), "it does not say how to trust: {answer}");
    // Root trusts nobody else by itself either.
    let error = dir.options().link::<Counter>("shared").unwrap_err();
    assert!(matches!(error, shmrec::LinkError::UntrustedOwner(_)), "{error}");
    let wrong = dir.options().trust_owner(TrustOwner::Uid(BEN)).link::<Counter>("shared");
    assert!(matches!(wrong, Err(shmrec::LinkError::UntrustedOwner(_))), "{wrong:?}");
    assert!(!dir.options().reader::<Counter>("shared").unwrap().is_mapped());

    other.must("link shared trust=yes");
    assert_eq!(other.must("mapped"), "true");
    assert_eq!(mappings(other.id(), &dir, "shared"), ["rw-s"]);
    other.must("write 2");
    assert_eq!(owner.must("read"), "2");
    owner.must("add 5");
    assert_eq!(other.must("read"), "7");
    // The lock is one for both.
    other.must("lock");
    refused(&owner.ask("lock try"), "Timeout");
    other.must("set 8");
    other.must("unlock");
    let here = dir.options().trust_owner(TrustOwner::Uid(ANN)).link::<Counter>("shared").unwrap();
    assert!(here.is_mapped());
    here.write(&Counter::new(9)).unwrap();
    assert_eq!((owner.must("read"), other.must("read")), ("9".into(), "9".into()));
}

fn root_s_segments_are_mapped_by_everybody_who_may_read_them(kind: Kind) {
    if !is_root_or_skipped("a segment of root's") {
        return;
    }
    let program = Program::new();
    let dir = TestDir::of(kind);
    let readable = dir.options().perms(Perms::RRR).create_with("readable", &Counter::new(1)).unwrap();
    let writable = dir.options().perms(Perms::RWRWRW).create_with("writable", &Counter::new(2)).unwrap();
    let mut ann = program.of(ANN, &dir);
    ann.must("reader readable");
    assert_eq!((ann.must("mapped"), ann.must("read")), ("true".into(), "1".into()));
    assert_eq!(mappings(ann.id(), &dir, "readable"), ["r--s"]);
    refused(&ann.ask("link readable"), "PermissionDenied");
    ann.must("link writable");
    assert_eq!(ann.must("mapped"), "true");
    ann.must("write 3");
    assert_eq!((writable.read().unwrap().seq, readable.read().unwrap().seq), (3, 1));
}

fn a_reader_s_mapping_cannot_be_written(kind: Kind) {
    let program = Program::new();
    let dir = TestDir::of(kind);
    let mut owner = program.ordinary(&dir);
    owner.must("create mapped seq=1 mode=600");
    // Of the same user, who may write, by a process that only reads.
    let mut reader = program.ordinary(&dir);
    reader.must("reader mapped");
    assert_eq!((reader.must("mapped"), reader.must("read")), ("true".into(), "1".into()));
    assert_eq!(mappings(reader.id(), &dir, "mapped"), ["r--s"]);
    // Not even after a change of mind: the file was opened for reading.
    if let Some(flags) = mapping_flags(reader.id(), &dir, "mapped") {
        assert!(flags.contains("rd") && !flags.contains("wr") && !flags.contains("mw"), "{flags:?}");
    }
    let mut writer = program.ordinary(&dir);
    writer.must("link mapped");
    assert_eq!(mappings(writer.id(), &dir, "mapped"), ["rw-s"], "the check sees a mapping that can be written");
    if let Some(flags) = mapping_flags(writer.id(), &dir, "mapped") {
        assert!(flags.contains("wr") && flags.contains("mw"), "{flags:?}");
    }
}

fn a_reader_leaves_no_trace_in_the_segment(kind: Kind) {
    let program = Program::new();
    let dir = TestDir::of(kind);
    let mut owner = program.ordinary(&dir);
    owner.must("create traceless seq=1 mode=444");
    let raw = RawSegment::open(&dir.file("traceless"));
    let before = raw.bytes();
    let mut reader = program.ordinary(&dir);
    reader.must("reader traceless");
    for _ in 0..10 {
        reader.must("read");
        reader.must("users");
        refused(&reader.ask("wait 1 ms=5"), "Timeout");
    }
    reader.must("release");
    assert!(raw.bytes() == before, "a reader has changed the segment");
}

fn a_stale_name_of_another_user_is_said_to_be_that_and_goes_with_its_owner_s_next_create(kind: Kind) {
    if !is_root_or_skipped("a stale name of another user") {
        return;
    }
    let program = Program::new();
    for bits in ["444", "644", "400", "600"] {
        let dir = TestDir::of(kind);
        let mut owner = program.of(ANN, &dir);
        owner.must(&format!("create stale seq=1 mode={bits}"));
        owner.kill();
        let mut other = program.of(BEN, &dir);
        let before = (mode(&dir, "stale"), std::fs::read(dir.file("stale")).unwrap());
        for command in ["create stale", "remove stale", "reader stale", "link stale trust=yes"] {
            let answer = other.ask(command);
            // What cannot be opened could be in use, for all that this user knows.
            match (bits, command) {
                ("444" | "644", "link stale trust=yes") => refused(&answer, "PermissionDenied"),
                ("444" | "644", _) => {
                    refused(&answer, "StaleForeign");
                    assert!(answer.contains(&format!("user {ANN}")), "{answer}");
                }
                (_, "create stale") => refused(&answer, "AlreadyExists"),
                _ => refused(&answer, "PermissionDenied"),
            }
        }
        assert_eq!(before, (mode(&dir, "stale"), std::fs::read(dir.file("stale")).unwrap()));

        let mut owner = program.of(ANN, &dir);
        owner.must("create stale seq=2 mode=444");
        other.must("reader stale");
        assert_eq!(other.must("read"), "2");
        other.must("release");
        owner.must("release");
        assert!(dir.files().is_empty(), "{bits}: {:?}", dir.files());
    }
}

fn what_a_last_user_may_not_remove_goes_with_its_owner_s_next_touch(kind: Kind) {
    if !is_root_or_skipped("a last user who is not the owner") {
        return;
    }
    let program = Program::new();
    // In a sticky directory, as /dev/shm is.
    for touch in ["create", "link", "remove"] {
        let dir = TestDir::of(kind);
        let mut owner = program.of(ANN, &dir);
        owner.must("create emptied seq=1 mode=666");
        let mut last = program.of(BEN, &dir);
        last.must("link emptied trust=yes");
        owner.kill();
        assert_eq!(last.must("read"), "1");
        last.must("release");
        left_to_its_owner(&dir, "emptied");
        refused(&last.ask("create emptied"), "StaleForeign");
        refused(&last.ask("reader emptied"), "StaleForeign");

        let mut owner = program.of(ANN, &dir);
        match touch {
            "create" => {
                owner.must("create emptied seq=3 mode=666");
                last.must("link emptied trust=yes");
                assert_eq!(last.must("read"), "3");
                last.must("release");
                owner.must("release");
            }
            "link" => refused(&owner.ask("link emptied"), "NotFound"),
            _ => drop(owner.must("remove emptied")),
        }
        assert!(dir.files().is_empty(), "the owner's {touch} left {:?}", dir.files());
    }
}

fn a_stale_segment_that_another_user_may_write_is_left_to_its_owner(kind: Kind) {
    if !is_root_or_skipped("a stale segment of another user") {
        return;
    }
    let program = Program::new();
    let dir = TestDir::of(kind);
    let mut owner = program.of(ANN, &dir);
    owner.must("create stale seq=1 mode=666");
    owner.kill();
    let mut other = program.of(BEN, &dir);
    refused(&other.ask("create stale"), "StaleForeign");
    left_to_its_owner(&dir, "stale");
    let mut owner = program.of(ANN, &dir);
    owner.must("create stale seq=2 mode=666");
    assert_eq!(owner.must("version"), "1");
}

/// Nobody but root can shrink a System V segment: whose it is does not matter, who may do what with it does.
#[test]
fn a_system_v_segment_of_another_user_is_mapped_and_written_by_whoever_may() {
    if !is_root_or_skipped("a segment of another user") {
        return;
    }
    let program = Program::new();
    let dir = TestDir::of(Kind::Keyed);
    let mut owner = program.of(ANN, &dir);
    owner.must("create open seq=1 mode=644");
    let mut reader = program.of(BEN, &dir);
    reader.must("reader open");
    assert_eq!(
        (reader.must("mapped"), reader.must("read"), reader.must("users")),
        ("true".into(), "1".into(), "2".into())
    );
    assert_eq!(mappings(reader.id(), &dir, "open"), ["r--s"]);
    for seq in 2..20 {
        reader.tell(&format!("wait {}", seq - 1));
        owner.must(&format!("write {seq}"));
        assert_eq!(reader.hear(), format!("ok {seq} {seq}"));
    }
    refused(&reader.ask("link open"), "PermissionDenied");
    reader.must("release");
    owner.must("release");

    owner.must("create shared seq=1 mode=666");
    let mut other = program.of(BEN, &dir);
    other.must("link shared");
    other.must("write 2");
    other.must("lock");
    refused(&owner.ask("lock try"), "Timeout");
    other.must("set 3");
    other.kill();
    assert!(owner.must("lock try").contains("recovered=true"));
    owner.must("unlock");
    assert_eq!(owner.must("read"), "2");
    owner.must("release");
    assert!(dir.files().is_empty(), "{:?}", dir.files());
}

/// Of a System V segment the directory's rights decide nothing: the system lets its owner remove it.
#[test]
fn where_everybody_may_remove_names_a_stale_system_v_segment_waits_for_its_owner() {
    if !is_root_or_skipped("a stale segment of another user") {
        return;
    }
    let program = Program::new();
    let dir = TestDir::of(Kind::Keyed);
    dir.set_mode(0o777);
    let mut owner = program.of(ANN, &dir);
    owner.must("create stale seq=1 mode=666");
    owner.kill();
    let mut other = program.of(BEN, &dir);
    refused(&other.ask("create stale"), "StaleForeign");
    assert_eq!(dir.files(), ["shmrec.stale"], "a segment without its companion could not be found again");
    // Root may.
    drop(dir.options().create_with("stale", &Counter::new(2)).unwrap());
    assert!(dir.files().is_empty());
}

#[test]
fn where_everybody_may_remove_names_a_stale_one_of_another_user_is_replaced() {
    if !is_root_or_skipped("a stale segment of another user") {
        return;
    }
    let program = Program::new();
    let dir = TestDir::new();
    dir.set_mode(0o777);
    let mut owner = program.of(ANN, &dir);
    owner.must("create stale seq=1 mode=666");
    owner.kill();
    let mut other = program.of(BEN, &dir);
    other.must("create stale seq=2");
    assert_eq!(std::fs::metadata(dir.file("stale")).unwrap().uid(), BEN);
    other.must("release");
    assert!(dir.files().is_empty());
}

fn a_segment_that_nobody_may_write_goes_with_its_owner_s_last_reader(kind: Kind) {
    let program = Program::new();
    for bits in ["400", "444"] {
        for creator_ends in ["release", "kill"] {
            let dir = TestDir::of(kind);
            let mut creator = program.ordinary(&dir);
            creator.must(&format!("create readonly seq=1 mode={bits}"));
            let mut last = program.ordinary(&dir);
            last.must("reader readonly");
            if creator_ends == "kill" {
                creator.kill();
            } else {
                creator.must("release");
            }
            assert_eq!(last.must("read"), "1");
            assert_eq!(format!("{:o}", mode(&dir, "readonly")), bits);
            last.must("release");
            assert!(dir.files().is_empty(), "mode {bits}, creator's {creator_ends}: {:?}", dir.files());
        }
    }
}

fn a_stale_segment_that_nobody_may_write_is_replaced_by_its_owner(kind: Kind) {
    let program = Program::new();
    for bits in ["400", "444", "440"] {
        for touch in ["create readonly seq=2", "remove readonly", "reader readonly", "link readonly"] {
            let dir = TestDir::of(kind);
            let mut creator = program.ordinary(&dir);
            creator.must(&format!("create readonly seq=1 mode={bits}"));
            creator.kill();
            let mut next = program.ordinary(&dir);
            let answer = next.ask(touch);
            match touch {
                "create readonly seq=2" => {
                    assert_eq!(answer, "ok", "mode {bits}");
                    assert_eq!((next.must("read"), mode(&dir, "readonly")), ("2".into(), 0o600));
                    next.must("release");
                }
                "remove readonly" => assert_eq!(answer, "ok", "mode {bits}"),
                // For writing it cannot be opened, stale or not.
                "link readonly" => {
                    refused(&answer, "PermissionDenied");
                    assert_eq!(format!("{:o}", mode(&dir, "readonly")), bits);
                    continue;
                }
                _ => refused(&answer, "NotFound"),
            }
            assert!(dir.files().is_empty(), "mode {bits}, {touch}: {:?}", dir.files());
        }
    }
}

fn a_refused_touch_of_a_segment_that_nobody_may_write_leaves_its_mode(kind: Kind) {
    let program = Program::new();
    let dir = TestDir::of(kind);
    let mut creator = program.ordinary(&dir);
    creator.must("create readonly seq=1 mode=400");
    let mut reader = program.ordinary(&dir);
    reader.must("reader readonly");
    creator.kill();
    let mut next = program.ordinary(&dir);
    refused(&next.ask("create readonly"), "AlreadyExists");
    refused(&next.ask("remove readonly"), "InUse");
    assert_eq!(mode(&dir, "readonly"), 0o400, "with a living reader");
    reader.must("release");

    // Persistent, and nobody's.
    let mut creator = program.ordinary(&dir);
    creator.must("create kept seq=1 mode=400 persist=yes");
    creator.must("release");
    refused(&next.ask("create kept"), "AlreadyExists");
    assert_eq!(mode(&dir, "kept"), 0o400);
    next.must("reader kept");
    assert_eq!(next.must("read"), "1");
    next.must("release");
    assert_eq!(mode(&dir, "kept"), 0o400);
    next.must("remove kept");

    // Another program's file under the name.
    std::fs::write(dir.file("text"), b"text").unwrap();
    std::fs::set_permissions(dir.file("text"), PermissionsExt::from_mode(0o444)).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(dir.file("text"), Some(ANN), None).unwrap();
    }
    refused(&next.ask("create text"), "NotASegment");
    refused(&next.ask("remove text"), "NotASegment");
    assert_eq!(std::fs::metadata(dir.file("text")).unwrap().mode() & 0o7777, 0o444);
    assert_eq!(dir.files(), [dir.file("text").file_name().unwrap().to_str().unwrap()]);
}

fn a_stale_segment_that_not_even_its_owner_may_read_is_replaced_by_its_owner(kind: Kind) {
    let program = Program::new();
    for bits in ["000", "200", "044", "222"] {
        let dir = TestDir::of(kind);
        let mut creator = program.ordinary(&dir);
        creator.must(&format!("create closed seq=1 mode={bits}"));
        creator.kill();
        let mut next = program.ordinary(&dir);
        assert_eq!(next.ask("create closed seq=2"), "ok", "mode {bits}");
        assert_eq!(next.must("read"), "2");
        next.must("release");
        assert!(dir.files().is_empty(), "mode {bits}: {:?}", dir.files());
    }
}

fn a_living_segment_that_not_even_its_owner_may_read_keeps_its_name_and_its_mode(kind: Kind) {
    let program = Program::new();
    let dir = TestDir::of(kind);
    let mut creator = program.ordinary(&dir);
    creator.must("create closed seq=1 mode=0");
    let mut next = program.ordinary(&dir);
    refused(&next.ask("create closed"), "AlreadyExists");
    refused(&next.ask("reader closed"), "PermissionDenied");
    refused(&next.ask("link closed"), "PermissionDenied");
    assert!(next.ask("remove closed").starts_with("err "));
    assert_eq!(mode(&dir, "closed"), 0);
    creator.must("write 2");
    creator.must("release");
    assert!(dir.files().is_empty());
}

fn a_directory_that_is_closed_is_permission_denied(kind: Kind) {
    let program = Program::new();
    let dir = TestDir::of(kind);
    let inside = dir.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    let place = dir.at(inside.to_str().unwrap());
    let _segment = place.options().perms(Perms::RRR).create_with("there", &Counter::new(1)).unwrap();
    let start = || {
        let start = Start::new(program.path().to_str().unwrap(), "repl").arg(place.to_argument());
        as_ordinary(start).spawn_in(dir.path())
    };
    let mut peer = start();
    let set = |bits| std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(bits)).unwrap();
    // Names can be found and none made.
    set(0o555);
    refused(&peer.ask("create new"), "PermissionDenied");
    peer.must("reader there");
    assert_eq!(peer.must("read"), "1");
    refused(&peer.ask("remove new"), "NotFound");
    // Nothing can be found.
    set(0o000);
    for command in ["create new", "reader there", "link there", "remove there"] {
        refused(&peer.ask(command), "PermissionDenied");
    }
    set(0o755);
    drop(peer);
}

fn one_who_may_not_remove_a_persistent_segment_takes_nothing_from_it(kind: Kind) {
    if !is_root_or_skipped("removing another user's segment") {
        return;
    }
    let program = Program::new();
    let dir = TestDir::of(kind);
    // In a directory where only owners remove names, of a mode that lets everybody write.
    drop(dir.options().perms(Perms::RWRWRW).persist(true).create_with("kept", &Counter::new(7)).unwrap());
    let mut other = program.ordinary(&dir);
    refused(&other.ask("remove kept"), "StaleForeign");
    assert_eq!(dir.options().reader::<Counter>("kept").unwrap().read().unwrap(), Counter::new(7));
}

shmrec_tests::over_both_kinds!(
    a_segment_has_exactly_the_mode_that_was_asked_for_under_every_umask,
    an_umask_that_takes_the_owner_s_own_rights_does_not_matter_either,
    the_named_modes_are_what_their_names_say_and_the_default_is_for_this_user_alone,
    one_who_links_does_not_change_the_mode_whatever_the_options_say,
    a_segment_for_its_user_alone_is_closed_to_everybody_else,
    root_s_segments_are_mapped_by_everybody_who_may_read_them,
    a_reader_s_mapping_cannot_be_written,
    a_reader_leaves_no_trace_in_the_segment,
    a_stale_name_of_another_user_is_said_to_be_that_and_goes_with_its_owner_s_next_create,
    what_a_last_user_may_not_remove_goes_with_its_owner_s_next_touch,
    a_stale_segment_that_another_user_may_write_is_left_to_its_owner,
    a_segment_that_nobody_may_write_goes_with_its_owner_s_last_reader,
    a_stale_segment_that_nobody_may_write_is_replaced_by_its_owner,
    a_refused_touch_of_a_segment_that_nobody_may_write_leaves_its_mode,
    a_stale_segment_that_not_even_its_owner_may_read_is_replaced_by_its_owner,
    a_living_segment_that_not_even_its_owner_may_read_keeps_its_name_and_its_mode,
    a_directory_that_is_closed_is_permission_denied,
    one_who_may_not_remove_a_persistent_segment_takes_nothing_from_it,
);
