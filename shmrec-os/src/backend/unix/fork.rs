//! `fork`: lock descriptions must not survive into a child.
//!
//! A child shares its parent's open file descriptions, so a lock that the parent loses by dying would live on in the
//! child, and a handle that the child drops would give up the parent's locks. The handlers here close the lock
//! descriptors in the child and make every inherited handle unusable there. They run for `fork`; `Command` executes
//! another program, and `O_CLOEXEC` closes the descriptors then. A raw `clone` system call runs no handlers and is not
//! supported.
//!
//! # Safety
//!
//! One static holds a mutex guard between the handlers that `fork` runs on one thread: before, and after in parent and
//! child. Only that thread, which has the mutex, touches it. The handlers call nothing that is unsafe after a fork:
//! no allocation, only `close`.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many forks lie between the first program and this process. Relaxed everywhere: it changes only in a child that
/// has one thread.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The lock descriptors of this process.
static DESCRIPTORS: Mutex<Vec<RawFd>> = Mutex::new(Vec::new());

struct AcrossFork(UnsafeCell<Option<MutexGuard<'static, Vec<RawFd>>>>);

// SAFETY: only the handlers below touch the cell, on the thread that forks, between locking and unlocking the mutex
// whose guard it holds: never two threads at a time.
unsafe impl Sync for AcrossFork {}

static GUARD: AcrossFork = AcrossFork(UnsafeCell::new(None));

fn descriptors() -> MutexGuard<'static, Vec<RawFd>> {
    // A list of numbers is whole after every step, so a panic elsewhere does not make it wrong.
    DESCRIPTORS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers the handlers before the program has a second thread. At the first use it would be too late: a fork that is
/// under way in another thread would have run its first handlers already, and its child would keep the first descriptor.
#[used]
// SAFETY: the section holds functions that the C runtime calls before `main`; this is one, of that type, and needs nothing
// that is set up later.
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
static REGISTER: extern "C" fn() = register;

extern "C" fn register() {
    // SAFETY: the three functions live as long as the program and do what the handlers of a fork may do. The call fails
    // for want of memory only, before `main`.
    unsafe { libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child)) };
}

extern "C" fn before() {
    let guard = descriptors();
    // SAFETY: this thread has the mutex, so no other handler runs.
    unsafe { *GUARD.0.get() = Some(guard) };
}

extern "C" fn after_in_parent() {
    // SAFETY: `before` ran on this thread and the mutex is still locked by it.
    drop(unsafe { (*GUARD.0.get()).take() });
}

extern "C" fn after_in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    // SAFETY: as in the parent; the child's only thread is the copy of the one that ran `before`.
    if let Some(mut guard) = unsafe { (*GUARD.0.get()).take() } {
        for fd in guard.iter() {
            // SAFETY: the list holds open descriptors that only a `LockDescriptor` owns, and none of those that this
            // process inherited closes its own (see `drop`).
            unsafe { libc::close(*fd) };
        }
        // Keeps the allocation: freeing is not safe after a fork.
        guard.clear();
    }
}

/// A number that changes when this process is forked: the child's handles differ from those it inherited.
pub(super) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Whether this process is a fork of the one that was at `generation`.
#[inline]
pub(super) fn process_forked(generation: u32) -> bool {
    GENERATION.load(Ordering::Relaxed) != generation
}

/// A descriptor whose open file description holds locks: closed in the child of a fork before anything else runs there.
#[derive(Debug)]
pub(super) struct LockDescriptor {
    // `None` only while it is dropped.
    fd: Option<OwnedFd>,
    generation: u32,
}

impl LockDescriptor {
    /// Opens a description. No fork can come between the opening and its entry in the list.
    pub(super) fn open(open: impl FnOnce() -> rustix::io::Result<OwnedFd>) -> rustix::io::Result<Self> {
        let mut list = descriptors();
        // Room first: nothing may fail between opening and listing.
        list.reserve(1);
        let fd = open()?;
        list.push(fd.as_raw_fd());
        Ok(Self { fd: Some(fd), generation: generation() })
    }
}

impl AsFd for LockDescriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_ref().expect("open until dropped").as_fd()
    }
}

impl Drop for LockDescriptor {
    fn drop(&mut self) {
        let Some(fd) = self.fd.take() else { return };
        if process_forked(self.generation) {
            // The handler has closed it; the number may belong to another file by now.
            let _ = fd.into_raw_fd();
            return;
        }
        let mut list = descriptors();
        if let Some(i) = list.iter().position(|listed| *listed == fd.as_raw_fd()) {
            list.swap_remove(i);
        }
        // Under the lock of the list, or a fork could inherit a descriptor that is no longer listed.
        drop(fd);
    }
}
