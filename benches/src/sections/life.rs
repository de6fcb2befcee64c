//! Creating and linking, beside the bare system calls that they need; what a segment takes in memory.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use rustix::fs::{self, AtFlags, CWD, FallocateFlags, Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags};
use shmrec::{Reader, Segment, SegmentOptions, SharedField};

use super::unique;
use crate::Effort;
use crate::measure::{Case, in_turns};
use crate::record::{Block, Client, bytes};
use crate::report::{Report, Table, ns};

/// Words of a record that makes the segment 64 KiB and a little: four slots of 14 KiB and the other regions.
const N: usize = 8192;

pub fn run(report: &mut Report, effort: Effort) {
    let place = "/dev/shm";
    let record = Block::<N>::filled(1);
    let kept: Segment<Block<N>> = SegmentOptions::new().create_with(&unique("kept"), &*record).expect("a segment");
    let len = std::fs::metadata(kept.path()).expect("its file").len();
    let contents = vec![1_u8; 1024];
    let (name, kept_name) = (unique("life"), kept.name().to_owned());
    let bare_path = format!("{place}/bare_{}", unique("life"));
    let kept_path = kept.path().to_owned();
    let large = record.clone();
    let mut cases = [
        Case::new("bare calls of a create and a release", move || bare_create(place, &bare_path, len, &contents)),
        Case::new("create, release", || SegmentOptions::new().create::<Block<N>>(&name)),
    ];
    let created = in_turns(&mut cases, effort.rounds(101), Duration::from_micros(500));
    let mut cases = [
        Case::new("bare calls of a link and a release", move || bare_link(&kept_path, len)),
        Case::new("link to read, release", || Reader::<Block<N>>::link(&kept_name)),
        Case::new("link to write, release", || Segment::<Block<N>>::link(&kept_name)),
    ];
    let linked = in_turns(&mut cases, effort.rounds(101), Duration::from_micros(500));
    let first_name = unique("first");
    let mut cases = [Case::new("create_with a record of 64 KiB, release", || {
        SegmentOptions::new().create_with(&first_name, &*large)
    })];
    let with = in_turns(&mut cases, effort.rounds(31), Duration::from_micros(500));
    let mut table = Table::new("life", ["a segment whose record has 64 KiB", "median", "x bare calls"]);
    for case in created.iter().chain(&linked) {
        table.row([case.name.clone(), ns(case.median), format!("{:.2}", case.ratio)]);
        report.figure("life", &case.name, 8 * N, "ns", case.median);
    }
    table.row([with[0].name.clone(), ns(with[0].median), String::new()]);
    report.table(table);
    for (what, ratio) in
        [("create", created[1].ratio), ("link to read", linked[1].ratio), ("link to write", linked[2].ratio)]
    {
        report.goal(format!("{what}, of a 64 KiB record"), "2 x the bare calls", format!("{ratio:.2} x"), ratio <= 2.0);
    }
    memory(report);
}

fn ofd(file: impl AsFd, command: libc::c_int, kind: libc::c_int, start: i64, len: i64) {
    let mut lock = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: start,
        l_len: len,
        l_pid: 0,
    };
    // SAFETY: an open descriptor and the structure that the command reads and writes.
    #[allow(unsafe_code)]
    let done = unsafe { libc::fcntl(file.as_fd().as_raw_fd(), command, &raw mut lock) };
    assert_eq!(done, 0);
}

const MEMBERS: (i64, i64) = (1 << 61, 1 << 40);

fn map(file: impl AsFd, len: u64, prot: ProtFlags) -> *mut std::ffi::c_void {
    // SAFETY: a new mapping at an address of the kernel's choice.
    #[allow(unsafe_code)]
    let at = unsafe { rustix::mm::mmap(std::ptr::null_mut(), len as usize, prot, MapFlags::SHARED, file, 0) };
    at.expect("a mapping")
}

fn unmap(at: *mut std::ffi::c_void, len: u64) {
    // SAFETY: mapped above, and not used any more.
    #[allow(unsafe_code)]
    unsafe { rustix::mm::munmap(at, len as usize) }.expect("mapped");
}

fn reopened(file: impl AsFd, flags: OFlags) -> std::os::fd::OwnedFd {
    let path = CString::new(format!("/proc/self/fd/{}", file.as_fd().as_raw_fd())).expect("no NUL");
    fs::open(&path, flags | OFlags::CLOEXEC, Mode::empty()).expect("open")
}

/// An unnamed file, reserved, written, with a lock description and an exact mode, is named; then it is given up and removed.
fn bare_create(directory: &str, path: &str, len: u64, contents: &[u8]) {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = fs::open(directory, flags, Mode::RUSR | Mode::WUSR).expect("open");
    let locks = reopened(&file, OFlags::RDWR);
    ofd(&locks, libc::F_OFD_SETLK, libc::F_RDLCK, MEMBERS.0 + 7, 1);
    fs::fallocate(&file, FallocateFlags::empty(), 0, len).expect("fallocate");
    rustix::io::pwrite(&file, contents, 0).expect("pwrite");
    let at = map(&file, len, ProtFlags::READ | ProtFlags::WRITE);
    fs::fchmod(&file, Mode::RUSR | Mode::WUSR).expect("fchmod");
    let proc = format!("/proc/self/fd/{}", file.as_raw_fd());
    fs::linkat(CWD, proc, CWD, path, AtFlags::SYMLINK_FOLLOW).expect("linkat");
    ofd(&locks, libc::F_OFD_SETLK, libc::F_UNLCK, MEMBERS.0, MEMBERS.1);
    ofd(&locks, libc::F_OFD_SETLK, libc::F_WRLCK, MEMBERS.0, MEMBERS.1);
    fs::lstat(path).expect("lstat");
    fs::unlink(path).expect("unlink");
    unmap(at, len);
}

/// A file is opened, looked at, joined by a lock, mapped, and given up.
fn bare_link(path: &std::path::Path, len: u64) {
    let file = fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty()).expect("open");
    let locks = reopened(&file, OFlags::RDWR);
    ofd(&locks, libc::F_OFD_GETLK, libc::F_WRLCK, MEMBERS.0, MEMBERS.1);
    ofd(&locks, libc::F_OFD_SETLK, libc::F_RDLCK, MEMBERS.0 + 9, 1);
    fs::lstat(path).expect("lstat");
    fs::fstat(&file).expect("fstat");
    let mut header = [0; 512];
    rustix::io::pread(&file, &mut header, 0).expect("pread");
    let at = map(&file, len, ProtFlags::READ);
    ofd(&locks, libc::F_OFD_SETLK, libc::F_UNLCK, MEMBERS.0, MEMBERS.1);
    ofd(&locks, libc::F_OFD_GETLK, libc::F_WRLCK, MEMBERS.0, MEMBERS.1);
    unmap(at, len);
}

fn memory(report: &mut Report) {
    fn one<T: shmrec::SharedRecord>(table: &mut Table, what: &str, first: &T) {
        let segment = SegmentOptions::new().create_with(&unique("memory"), first).expect("a segment");
        let len = std::fs::metadata(segment.path()).expect("its file").len() as usize;
        table.row([what.to_owned(), bytes(T::SIZE), len.to_string(), len.div_ceil(4096).to_string()]);
    }
    let mut table = Table::new("memory", ["record", "size", "bytes of the segment, 4 slots", "pages"]);
    one(&mut table, "one word", &*Block::<1>::filled(1));
    one(&mut table, "words", &*Block::<8>::filled(1));
    one(&mut table, "strings and numbers", &Client::example());
    one(&mut table, "words", &*Block::<512>::filled(1));
    one(&mut table, "words", &*Block::<8192>::filled(1));
    let _ = Client::SIZE;
    report.table(table);
}
