//! The life of a named segment: created whole, linked while it lives, removed by the last one out.
//!
//! Four rules carry this; each, left out, lost live segments or leaked names in trials.
//!
//! 1. A segment gets its name only when it is complete and its creator is among its users.
//! 2. Whoever removes a name holds the write lock on all members' bytes of that very file, and has seen after taking it
//!    that the name still stands for the file.
//! 3. Whoever joins looks *after* joining whether the name still stands for the file he joined.
//! 4. Whoever leaves leaves first, and only then asks whether he was the last.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{self, AtFlags, CWD, FallocateFlags, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::attachment::{Attachment, Memory};
use super::copied::Copied;
use super::fork::LockDescriptor;
use super::locks::{Locks, Members};
use super::mapping::Mapping;
use crate::format::{Creator, HEADER_LEN, Header, HeaderFault};
use crate::{Access, Failure, Holder, Perms, Place, TrustOwner, What};

/// How often a name that comes and goes is tried, with pauses of up to 10 ms: a second or so.
const ATTEMPTS: u32 = 200;

/// What a temporary name begins with, where a file cannot be made without one.
const TEMPORARY: &str = ".shmrec-new.";

/// A segment that is to be created.
#[derive(Debug)]
pub struct NewSegment<'a> {
    /// Its header.
    pub header: &'a Header,
    /// Its permission bits.
    pub perms: Perms,
    /// What stands in it before anybody can see it: offsets and bytes. The rest is zero.
    pub contents: &'a [(usize, &'a [u8])],
}

/// This process, about to create a segment.
#[must_use]
pub fn this_creator() -> Creator {
    let mut instance = [0; 16];
    instance[..8].copy_from_slice(&random().to_le_bytes());
    instance[8..].copy_from_slice(&random().to_le_bytes());
    Creator { uid: rustix::process::geteuid().as_raw(), pid: std::process::id(), instance }
}

/// Creates a segment, complete from the moment that its name can be found.
///
/// # Errors
///
/// [`What::AlreadyExists`] when a segment of this name lives or persists; a name that nobody uses any more is replaced.
/// Otherwise what the system refused.
pub fn create(place: &Place, new: &NewSegment<'_>) -> Result<Attachment, Failure> {
    let mut made = None;
    for attempt in 0..ATTEMPTS {
        // Looked at before anything is allocated, so that creating what exists costs no memory.
        match reap(place)? {
            Found::Nothing => {}
            Found::InTransition => {
                pause(attempt);
                continue;
            }
            Found::Used(holder) => {
                return Err(Failure::with_source(What::AlreadyExists(holder), place.path(), Errno::EXIST));
            }
        }
        let unnamed = match made.take() {
            Some(unnamed) => unnamed,
            None => Unnamed::make(place, new)?,
        };
        match unnamed.publish(place) {
            Ok(()) => return Ok(unnamed.into_attachment(new.header.clone(), place.clone())),
            // Somebody was faster: look at what he made.
            Err(Errno::EXIST) => made = Some(unnamed),
            // The temporary name was swept away before it had a user: begin again.
            Err(Errno::NOENT) if unnamed.temporary.is_some() => {}
            Err(error) => return Err(Failure::of_call("linkat", place.path(), error)),
        }
    }
    Err(Failure::new(What::Busy, place.path()))
}

/// A complete segment without a name, and its creator's locks.
struct Unnamed {
    file: OwnedFd,
    mapping: Mapping,
    locks: Locks,
    /// Where the file system cannot make a file without a name.
    temporary: Option<Temporary>,
}

impl Unnamed {
    fn make(place: &Place, new: &NewSegment<'_>) -> Result<Self, Failure> {
        let failed = |call| move |error: Errno| Failure::of_call(call, place.path(), error);
        let (file, temporary) = open_unnamed(place)?;
        // The umask may have taken the creator's own rights, which the next call needs.
        fs::fchmod(&file, Mode::RUSR | Mode::WUSR).map_err(failed("fchmod"))?;
        // At once: a temporary name without a user is swept away. And before the mode is set, because a mode of 0400
        // would forbid it.
        let named = temporary.as_ref().map(|t| t.0.as_path());
        let locks = Locks::new(
            LockDescriptor::open(|| reopen(file.as_fd(), named, OFlags::RDWR)).map_err(failed("open"))?,
            true,
        );
        if !locks.join(random()).map_err(failed("fcntl"))? {
            return Err(Failure::new(What::Busy, place.path()));
        }
        allocate(&file, new.header.total_len() as u64, place)?;
        for (at, bytes) in new.contents {
            write_all_at(&file, bytes, *at as u64).map_err(failed("pwrite"))?;
        }
        let mapping = Mapping::new(file.as_fd(), new.header.total_len(), true)
            .map_err(|error| Failure::of_call("mmap", place.path(), error))?;
        let asked = new.perms.mode();
        fs::fchmod(&file, Mode::from_raw_mode(asked)).map_err(failed("fchmod"))?;
        let actual = fs::fstat(&file).map_err(failed("fstat"))?.st_mode & 0o7777;
        if actual != asked {
            return Err(Failure::new(What::WrongMode { asked, actual }, place.path()));
        }
        Ok(Self { file, mapping, locks, temporary })
    }

    /// Gives the segment its name, if nothing has it.
    fn publish(&self, place: &Place) -> Result<(), Errno> {
        match &self.temporary {
            Some(Temporary(path)) => match fs::linkat(CWD, path, CWD, place.path(), AtFlags::empty()) {
                // No hard links here.
                Err(Errno::PERM | Errno::OPNOTSUPP) => {
                    fs::renameat_with(CWD, path, CWD, place.path(), RenameFlags::NOREPLACE)
                }
                outcome => outcome,
            },
            None => link_unnamed(self.file.as_fd(), place.path()),
        }
    }

    fn into_attachment(self, header: Header, place: Place) -> Attachment {
        Attachment::new(header, Memory::Mapped(self.mapping), self.locks, place)
    }
}

/// A temporary name. It goes when the segment has its own, or has failed to be made.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::unlink(&self.0);
    }
}

fn open_unnamed(place: &Place) -> Result<(OwnedFd, Option<Temporary>), Failure> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    match fs::open(place.directory(), flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) if has_proc() => Ok((file, None)),
        // File systems without O_TMPFILE say so in different ways, and without /proc such a file gets no name.
        Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOSYS) => open_temporary(place),
        Err(error @ (Errno::NOENT | Errno::NOTDIR)) => {
            Err(Failure::with_source(What::NoDirectory, place.directory(), error))
        }
        Err(error) => Err(Failure::of_call("open", place.directory(), error)),
    }
}

fn open_temporary(place: &Place) -> Result<(OwnedFd, Option<Temporary>), Failure> {
    sweep_temporaries(place.directory());
    let path = place.directory().join(format!("{TEMPORARY}{:016x}", random()));
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = fs::open(&path, flags, Mode::RUSR | Mode::WUSR)
        .map_err(|error| Failure::of_call("open", place.directory(), error))?;
    Ok((file, Some(Temporary(path))))
}

/// Removes the temporary names of creators that died before they were done. What cannot be removed stays: nobody waits
/// for it.
fn sweep_temporaries(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let temporary = path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.starts_with(TEMPORARY));
        if !temporary {
            continue;
        }
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(descriptor) = LockDescriptor::open(|| fs::open(&path, flags, Mode::empty())) else { continue };
        if matches!(Locks::new(descriptor, true).claim_all(), Ok(true)) {
            let _ = fs::unlink(&path);
        }
    }
}

fn has_proc() -> bool {
    fs::access("/proc/self/fd", fs::Access::EXISTS).is_ok()
}

fn proc_path(file: BorrowedFd<'_>) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn link_unnamed(file: BorrowedFd<'_>, path: &Path) -> Result<(), Errno> {
    fs::linkat(CWD, proc_path(file), CWD, path, AtFlags::SYMLINK_FOLLOW)
}

/// A second description of an open file. `named` is where it can be found if there is no /proc.
fn reopen(file: BorrowedFd<'_>, named: Option<&Path>, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match fs::open(proc_path(file), flags, Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR) => {
            let again = fs::open(named.ok_or(Errno::NOENT)?, flags | OFlags::NOFOLLOW, Mode::empty())?;
            // Another file may have got the name: the caller finds the name changed and begins again.
            if same_file(&fs::fstat(&again)?, &fs::fstat(file)?) { Ok(again) } else { Err(Errno::STALE) }
        }
        outcome => outcome,
    }
}

/// Reserves all of the file now: a full file system is an error here, and a fatal signal later.
fn allocate(file: &OwnedFd, len: u64, place: &Place) -> Result<(), Failure> {
    loop {
        match fs::fallocate(file, FallocateFlags::empty(), 0, len) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => {
                return Err(Failure::with_source(What::NoSpace { bytes: len }, place.directory(), error));
            }
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return allocate_by_writing(file, len, place),
            Err(error) => return Err(Failure::of_call("fallocate", place.directory(), error)),
        }
    }
}

fn allocate_by_writing(file: &OwnedFd, len: u64, place: &Place) -> Result<(), Failure> {
    let zeros = [0; 1 << 16];
    let mut at = 0;
    while at < len {
        let piece = &zeros[..zeros.len().min((len - at) as usize)];
        write_all_at(file, piece, at).map_err(|error| match error {
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => {
                Failure::with_source(What::NoSpace { bytes: len }, place.directory(), error)
            }
            error => Failure::of_call("pwrite", place.directory(), error),
        })?;
        at += piece.len() as u64;
    }
    Ok(())
}

fn write_all_at(file: &OwnedFd, mut bytes: &[u8], mut at: u64) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::pwrite(file, bytes, at) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => {
                bytes = &bytes[n..];
                at += n as u64;
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Links to a segment that lives or persists.
///
/// # Errors
///
/// [`What::NotFound`] when there is none; a name that nobody uses any more is removed on the way. Otherwise what is wrong
/// with what has the name.
pub fn link(place: &Place, access: Access, trust: TrustOwner) -> Result<Attachment, Failure> {
    for attempt in 0..ATTEMPTS {
        match try_link(place, access, trust)? {
            Some(attachment) => return Ok(attachment),
            None => pause(attempt),
        }
    }
    Err(Failure::new(What::Busy, place.path()))
}

/// One attempt; `None` when the name was changing hands.
fn try_link(place: &Place, access: Access, trust: TrustOwner) -> Result<Option<Attachment>, Failure> {
    let path = place.path();
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    let Some(stat) = look(place)? else { return Err(not_found(place)) };
    let user = rustix::process::geteuid().as_raw();
    let mapped = trust.trusts(stat.st_uid, user);
    if access == Access::ReadWrite && !mapped {
        return Err(Failure::new(What::UntrustedOwner { uid: stat.st_uid }, path));
    }
    let flags = if access == Access::ReadWrite { OFlags::RDWR } else { OFlags::RDONLY };
    let Some((file, stat)) = open_named(place, flags)? else { return Ok(None) };
    if !trust.trusts(stat.st_uid, user) && mapped {
        // Another user's file has taken the name meanwhile.
        return Ok(None);
    }
    let Some(locks) = open_locks(file.as_fd(), path)? else { return Ok(None) };
    match locks.members().map_err(failed("fcntl"))? {
        Members::Some => {}
        Members::InTransition => return Ok(None),
        // A persistent segment is joined, what is left of any other is removed.
        Members::None => match judge(&file, place)? {
            Judgement::Segment(header) if header.persist() => {}
            _ => {
                drop(locks);
                return match reap(place)? {
                    Found::Nothing => Err(not_found(place)),
                    Found::Used(_) | Found::InTransition => Ok(None),
                };
            }
        },
    }
    if !locks.join(random()).map_err(failed("fcntl"))? {
        return Ok(None);
    }
    // From here on every way out is through `leave`, or the name would stay when its last user went meanwhile.
    match join(&file, access, mapped, place) {
        Ok(Some((header, memory))) => Ok(Some(Attachment::new(header, memory, locks, place.clone()))),
        Ok(None) => leave(&locks, false, path).map(|()| None),
        Err(failure) => {
            // What is no segment is not removed, whoever held locks on it.
            let removable = match judge(&file, place) {
                Ok(Judgement::Segment(header)) => !header.persist(),
                Ok(Judgement::Emptied) => true,
                Err(_) => false,
            };
            // The failure that was first is the one to tell.
            let _ = leave(&locks, !removable, path);
            Err(failure)
        }
    }
}

/// What a new member checks and maps; `None` when the name no longer stands for the file.
fn join(file: &OwnedFd, access: Access, mapped: bool, place: &Place) -> Result<Option<(Header, Memory)>, Failure> {
    let path = place.path();
    let stat = fs::fstat(file).map_err(|error| Failure::of_call("fstat", path, error))?;
    if !stands_for(path, &stat) || stat.st_size == 0 {
        return Ok(None);
    }
    let header = match judge(file, place)? {
        Judgement::Segment(header) => header,
        Judgement::Emptied => return Ok(None),
    };
    if header.name() != place.name() {
        let problem = format!("it was created under the name {:?}", header.name().as_str());
        return Err(Failure::new(What::Damaged { problem }, path));
    }
    let memory = if mapped {
        let writable = access == Access::ReadWrite;
        Memory::Mapped(
            Mapping::new(file.as_fd(), header.total_len(), writable)
                .map_err(|error| Failure::of_call("mmap", path, error))?,
        )
    } else {
        Memory::Copied(Copied::new(file.try_clone().map_err(|error| Failure::of_call("dup", path, error))?))
    };
    Ok(Some((header, memory)))
}

/// Releases one's use of a segment.
pub(super) fn release(locks: &Locks, header: &Header, place: &Place) -> Result<(), Failure> {
    leave(locks, header.persist(), place.path())
}

/// Leaves the users of the file that `locks` is on; whoever was the last removes the name, unless it `stays`.
fn leave(locks: &Locks, stays: bool, path: &Path) -> Result<(), Failure> {
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    locks.leave().map_err(failed("fcntl"))?;
    if stays || locks.members().map_err(failed("fcntl"))? != Members::None {
        return Ok(());
    }
    let Claimed::Granted(claim) = Claim::of(locks, path)? else {
        // A new user, or somebody else removes it. Or this user may not: the name waits for one who may.
        return Ok(());
    };
    match claim.remove(path, false) {
        Ok(_) => Ok(()),
        // In a directory where only owners remove names: the owner's next touch finds it.
        Err(Errno::PERM | Errno::ACCESS) => Ok(()),
        Err(error) => Err(Failure::of_call("unlink", path, error)),
    }
}

/// The write lock on all members' bytes of a file, which nobody uses.
struct Claim<'a> {
    borrowed: &'a Locks,
    /// A description for writing, where the borrowed one is only for reading.
    own: Option<Locks>,
    /// The file's mode, to be put back unless the file goes.
    mode: Option<Mode>,
}

/// Whether a claim was granted.
enum Claimed<'a> {
    Granted(Claim<'a>),
    /// Somebody uses the file, or claims it too.
    Busy,
    /// This user may not open the file for writing.
    NotPermitted,
}

impl<'a> Claim<'a> {
    fn of(locks: &'a Locks, path: &Path) -> Result<Claimed<'a>, Failure> {
        let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
        let claim = if locks.writable() {
            Self { borrowed: locks, own: None, mode: None }
        } else {
            match reopen_for_writing(locks.as_fd(), path).map_err(failed("open"))? {
                Reopened::Writable(own, mode) => Self { borrowed: locks, own: Some(own), mode },
                Reopened::Changing => return Ok(Claimed::Busy),
                Reopened::NotPermitted => return Ok(Claimed::NotPermitted),
            }
        };
        // Not granted: the claim's drop puts the mode back.
        Ok(if claim.locks().claim_all().map_err(failed("fcntl"))? { Claimed::Granted(claim) } else { Claimed::Busy })
    }

    fn locks(&self) -> &Locks {
        self.own.as_ref().unwrap_or(self.borrowed)
    }

    /// Removes the name, if it still stands for the file. `false` when it does not.
    ///
    /// Where only the owner may remove it, the file is emptied, which tells the owner that it may go; not if it `persists`.
    fn remove(mut self, path: &Path, persists: bool) -> Result<bool, Errno> {
        let stat = fs::fstat(self.locks())?;
        if !stands_for(path, &stat) {
            return Ok(false);
        }
        match fs::unlink(path) {
            Ok(()) => {
                self.mode = None;
                Ok(true)
            }
            Err(error @ (Errno::PERM | Errno::ACCESS)) => {
                if !persists {
                    fs::ftruncate(self.locks(), 0)?;
                }
                Err(error)
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(mode) = self.mode {
            // The file's own owner set it a moment ago; were it to fail, the file is more open to its owner, to nobody
            // else.
            let _ = fs::fchmod(self.locks(), mode);
        }
    }
}

/// What came of opening a file again that was open for reading only.
enum Reopened {
    /// It can be locked for writing. The file's mode, if that had to be changed.
    Writable(Locks, Option<Mode>),
    /// The name, or the mode, is just being changed by another program.
    Changing,
    /// This user may not.
    NotPermitted,
}

fn reopen_for_writing(file: BorrowedFd<'_>, path: &Path) -> Result<Reopened, Errno> {
    let open = || LockDescriptor::open(|| reopen(file, Some(path), OFlags::RDWR));
    match open() {
        Ok(descriptor) => return Ok(Reopened::Writable(Locks::new(descriptor, true), None)),
        Err(Errno::STALE | Errno::NOENT) => return Ok(Reopened::Changing),
        // No mode would help.
        Err(Errno::PERM | Errno::ROFS) => return Ok(Reopened::NotPermitted),
        Err(Errno::ACCESS) => {}
        Err(error) => return Err(error),
    }
    // The owner of a file that nobody may write can make it writable; nobody uses it, or the mode is put back.
    let stat = fs::fstat(file)?;
    let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Ok(Reopened::NotPermitted);
    }
    if mode.contains(Mode::WUSR) {
        // It was not writable a moment ago: another program of this user is at it, and remembers the mode.
        return Ok(Reopened::Changing);
    }
    // Everybody else keeps the rights that they have: somebody may come.
    match fs::fchmod(file, mode | Mode::WUSR) {
        Ok(()) => {}
        Err(Errno::PERM | Errno::ROFS) => return Ok(Reopened::NotPermitted),
        Err(error) => return Err(error),
    }
    match open() {
        Ok(descriptor) => Ok(Reopened::Writable(Locks::new(descriptor, true), Some(mode))),
        Err(error) => {
            fs::fchmod(file, mode)?;
            match error {
                Errno::STALE | Errno::NOENT => Ok(Reopened::Changing),
                Errno::ACCESS | Errno::PERM | Errno::ROFS => Ok(Reopened::NotPermitted),
                error => Err(error),
            }
        }
    }
}

/// What has a name.
#[derive(Debug)]
enum Found {
    /// Nothing, or nothing any more.
    Nothing,
    /// It was changing hands.
    InTransition,
    /// A segment that lives or persists.
    Used(Holder),
}

/// Looks at a name and removes what nobody uses any more.
///
/// # Errors
///
/// When the name stands for something else, or for a segment that only its owner can remove.
fn reap(place: &Place) -> Result<Found, Failure> {
    reap_as(place, false)
}

/// As [`reap`]; `persistent` segments that nobody uses go as well if asked for.
fn reap_as(place: &Place, persistent: bool) -> Result<Found, Failure> {
    let Some(stat) = look(place)? else { return Ok(Found::Nothing) };
    let (file, stat) = match open_named(place, OFlags::RDONLY) {
        Ok(Some(opened)) => opened,
        Ok(None) => return Ok(Found::InTransition),
        Err(failure) if *failure.what() == What::PermissionDenied => {
            if stat.st_uid == rustix::process::geteuid().as_raw() {
                return reap_unreadable(place, persistent);
            }
            // Somebody else's, not for our eyes: taken for a living one.
            return Ok(Found::Used(Holder { pid: None, uid: stat.st_uid, created: None, persist: false }));
        }
        Err(failure) => return Err(failure),
    };
    reap_opened(place, &file, &stat, persistent)
}

/// As [`reap`], for a file that not even its owner, this user, may read: its mode is changed for as long as this looks, and
/// put back unless the file goes.
fn reap_unreadable(place: &Place, persistent: bool) -> Result<Found, Failure> {
    let path = place.path();
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let located = match fs::open(path, flags, Mode::empty()) {
        Ok(located) => located,
        Err(Errno::NOENT) => return Ok(Found::InTransition),
        Err(error) => return Err(Failure::of_call("open", path, error)),
    };
    let stat = fs::fstat(&located).map_err(failed("fstat"))?;
    regular(&stat, place)?;
    let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
    if stat.st_uid != rustix::process::geteuid().as_raw() || mode.contains(Mode::RUSR) {
        // Another file by now, or another program of this user is looking too.
        return Ok(Found::InTransition);
    }
    let reach = proc_path(located.as_fd());
    // Everybody else keeps the rights that they have: somebody may be using the segment.
    fs::chmod(&reach, mode | Mode::RUSR | Mode::WUSR).map_err(failed("chmod"))?;
    let found = fs::open(&reach, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(failed("open"))
        .and_then(|file| reap_opened(place, &file, &stat, persistent));
    // Of a file that has gone nobody sees the mode.
    fs::chmod(&reach, mode).map_err(failed("chmod"))?;
    found
}

fn reap_opened(place: &Place, file: &OwnedFd, stat: &Stat, persistent: bool) -> Result<Found, Failure> {
    let path = place.path();
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    let Some(locks) = open_locks(file.as_fd(), path)? else { return Ok(Found::InTransition) };
    match locks.members().map_err(failed("fcntl"))? {
        Members::Some => return used(file, stat, place),
        Members::InTransition => return Ok(Found::InTransition),
        Members::None => {}
    }
    // Judged before anything is touched: what is no segment is left as it is, its mode included.
    if let Judgement::Segment(header) = judge(file, place)? {
        if header.persist() && !persistent {
            return Ok(Found::Used(holder(&header, stat)));
        }
    }
    let claim = match Claim::of(&locks, path)? {
        Claimed::Granted(claim) => claim,
        Claimed::Busy => return Ok(Found::InTransition),
        Claimed::NotPermitted => return Err(Failure::new(What::StaleForeign { uid: stat.st_uid }, path)),
    };
    // Again, now that nobody can join: a user may have come, written and gone.
    let persists = match judge(file, place)? {
        Judgement::Segment(header) if header.persist() && !persistent => {
            return Ok(Found::Used(holder(&header, stat)));
        }
        Judgement::Segment(header) => header.persist(),
        Judgement::Emptied => false,
    };
    match claim.remove(path, persists) {
        Ok(true) => Ok(Found::Nothing),
        Ok(false) => Ok(Found::InTransition),
        Err(Errno::PERM | Errno::ACCESS) => Err(Failure::new(What::StaleForeign { uid: stat.st_uid }, path)),
        Err(error) => Err(Failure::of_call("unlink", path, error)),
    }
}

fn used(file: &OwnedFd, stat: &Stat, place: &Place) -> Result<Found, Failure> {
    match judge(file, place)? {
        Judgement::Segment(header) => Ok(Found::Used(holder(&header, stat))),
        // A user of a file that somebody has emptied: there is nothing to say of its creator.
        Judgement::Emptied => Ok(Found::Used(Holder { pid: None, uid: stat.st_uid, created: None, persist: false })),
    }
}

fn holder(header: &Header, stat: &Stat) -> Holder {
    Holder {
        pid: Some(header.creator_pid()),
        uid: stat.st_uid,
        created: Some(header.created()),
        persist: header.persist(),
    }
}

/// Removes a segment that nobody uses, persistent or not.
///
/// # Errors
///
/// [`What::InUse`] when somebody uses it, [`What::NotFound`] when there is none.
pub fn remove(place: &Place) -> Result<(), Failure> {
    if look(place)?.is_none() {
        return Err(not_found(place));
    }
    for attempt in 0..ATTEMPTS {
        match reap_as(place, true)? {
            Found::Nothing => return Ok(()),
            Found::InTransition => pause(attempt),
            Found::Used(_) => {
                let users = match open_named(place, OFlags::RDONLY)? {
                    Some((file, _)) => match open_locks(file.as_fd(), place.path())? {
                        Some(locks) => locks.count_others().unwrap_or(1),
                        None => 1,
                    },
                    None => 1,
                };
                if users == 0 {
                    // They have just gone.
                    pause(attempt);
                    continue;
                }
                return Err(Failure::new(What::InUse { users }, place.path()));
            }
        }
    }
    Err(Failure::new(What::Busy, place.path()))
}

/// What stands in a file under a segment's name.
enum Judgement {
    /// A segment.
    Segment(Header),
    /// A segment that a user who could not remove the name has emptied.
    Emptied,
}

/// # Errors
///
/// When it is no segment, or none that this version can read.
fn judge(file: &OwnedFd, place: &Place) -> Result<Judgement, Failure> {
    let path = place.path();
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    let len = fs::fstat(file).map_err(failed("fstat"))?.st_size as u64;
    if len == 0 {
        return Ok(Judgement::Emptied);
    }
    let mut bytes = [0; HEADER_LEN];
    let mut filled = 0;
    while filled < HEADER_LEN {
        match rustix::io::pread(file, &mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(Errno::INTR) => {}
            Err(error) => return Err(Failure::of_call("pread", path, error)),
        }
    }
    let what = match Header::parse(&bytes[..filled], len) {
        Ok(header) => return Ok(Judgement::Segment(header)),
        Err(HeaderFault::NotASegment) => What::NotASegment { found: "another program's file" },
        Err(HeaderFault::Format { found }) => What::UnsupportedFormat { found },
        Err(HeaderFault::ByteOrder) => What::ForeignByteOrder,
        Err(HeaderFault::Damaged { problem }) => What::Damaged { problem },
    };
    Err(Failure::new(what, path))
}

/// What has the name: `None` for nothing.
///
/// # Errors
///
/// When it is not a regular file, which is not even opened: opening a device or a pipe does things.
fn look(place: &Place) -> Result<Option<Stat>, Failure> {
    match fs::lstat(place.path()) {
        Ok(stat) => regular(&stat, place).map(|()| Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error @ Errno::NOTDIR) => Err(Failure::with_source(What::NoDirectory, place.directory(), error)),
        Err(error) => Err(Failure::of_call("lstat", place.path(), error)),
    }
}

fn regular(stat: &Stat, place: &Place) -> Result<(), Failure> {
    let found = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Symlink => "a symbolic link",
        FileType::Directory => "a directory",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "of an unknown kind",
    };
    Err(Failure::new(What::NotASegment { found }, place.path()))
}

/// The directory is looked at only when the name is not there: the difference matters to a person.
fn not_found(place: &Place) -> Failure {
    match fs::stat(place.directory()) {
        Err(error @ (Errno::NOENT | Errno::NOTDIR)) => {
            Failure::with_source(What::NoDirectory, place.directory(), error)
        }
        _ => Failure::with_source(What::NotFound, place.path(), Errno::NOENT),
    }
}

/// Opens what has the name, never making anything; `None` when the name has just gone or changed.
fn open_named(place: &Place, flags: OFlags) -> Result<Option<(OwnedFd, Stat)>, Failure> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match fs::open(place.path(), flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT | Errno::LOOP | Errno::ISDIR | Errno::NXIO) => return Ok(None),
        Err(error) => return Err(Failure::of_call("open", place.path(), error)),
    };
    let stat = fs::fstat(&file).map_err(|error| Failure::of_call("fstat", place.path(), error))?;
    regular(&stat, place)?;
    Ok(Some((file, stat)))
}

/// A description for locks of its own, for writing where that is permitted; `None` when the name has just changed.
fn open_locks(file: BorrowedFd<'_>, path: &Path) -> Result<Option<Locks>, Failure> {
    for (flags, writable) in [(OFlags::RDWR, true), (OFlags::RDONLY, false)] {
        match LockDescriptor::open(|| reopen(file, Some(path), flags)) {
            Ok(descriptor) => return Ok(Some(Locks::new(descriptor, writable))),
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) if writable => {}
            Err(Errno::STALE | Errno::NOENT) => return Ok(None),
            Err(error) => return Err(Failure::of_call("open", path, error)),
        }
    }
    Ok(None)
}

/// Whether `path` is the file of `stat`.
fn stands_for(path: &Path, stat: &Stat) -> bool {
    fs::lstat(path).is_ok_and(|named| same_file(&named, stat))
}

fn same_file(a: &Stat, b: &Stat) -> bool {
    (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)
}

/// Random bits; from the kernel, or from a hasher's seed should the kernel have none yet.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    match rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK) {
        Ok(8) => u64::from_le_bytes(bytes),
        _ => {
            use std::hash::{BuildHasher, Hasher};
            std::hash::RandomState::new().build_hasher().finish()
        }
    }
}

/// Lets the one who is changing a name finish.
fn pause(attempt: u32) {
    if attempt < 10 {
        std::thread::yield_now();
    } else {
        std::thread::sleep(Duration::from_millis(1 + (random() % 10)));
    }
}
