//! A record in shared memory behind a robust, process-shared pthread mutex: what one would write oneself.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use rustix::mm::{MapFlags, ProtFlags};

use super::Peer;
use crate::record::Block;

#[repr(C)]
struct Shared<const N: usize> {
    mutex: libc::pthread_mutex_t,
    record: Block<N>,
}

pub struct RobustMutex<const N: usize> {
    shared: *mut Shared<N>,
    path: Option<String>,
}

impl<const N: usize> RobustMutex<N> {
    fn map(id: &str, create: bool) -> *mut Shared<N> {
        let path = format!("/dev/shm/robust_{id}");
        let file = std::fs::File::options().read(true).write(true).create(create).truncate(create).open(path);
        let file = file.expect("the file");
        if create {
            file.set_len(size_of::<Shared<N>>() as u64).expect("the length");
        }
        // SAFETY: a new mapping at an address of the kernel's choice.
        let at = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                size_of::<Shared<N>>(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &file,
                0,
            )
        };
        at.expect("a mapping").cast()
    }

    #[inline(always)]
    fn locked<R>(&mut self, access: impl FnOnce(*mut Block<N>) -> R) -> R {
        // SAFETY: the mapping is as long as `self` and holds a mutex that was initialised.
        let mutex = unsafe { &raw mut (*self.shared).mutex };
        // SAFETY: as above.
        let locked = unsafe { libc::pthread_mutex_lock(mutex) };
        assert_eq!(locked, 0, "nobody dies here");
        // SAFETY: as above.
        let result = access(unsafe { &raw mut (*self.shared).record });
        // SAFETY: this thread has locked it.
        unsafe { libc::pthread_mutex_unlock(mutex) };
        result
    }
}

impl<const N: usize> Peer<N> for RobustMutex<N> {
    const NAME: &'static str = "robust pthread mutex";

    fn create(id: &str) -> Self {
        let shared = Self::map(id, true);
        let mut attributes = MaybeUninit::uninit();
        let at = attributes.as_mut_ptr();
        // SAFETY: new attributes, and a mutex that nobody uses yet.
        unsafe {
            libc::pthread_mutexattr_init(at);
            libc::pthread_mutexattr_setpshared(at, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutexattr_setrobust(at, libc::PTHREAD_MUTEX_ROBUST);
            libc::pthread_mutex_init(&raw mut (*shared).mutex, at);
        }
        let mut made = Self { shared, path: Some(format!("/dev/shm/robust_{id}")) };
        made.write(&Block::filled(1));
        made
    }

    fn open(id: &str) -> Self {
        Self { shared: Self::map(id, false), path: None }
    }

    #[inline(always)]
    fn read(&mut self, to: &mut MaybeUninit<Block<N>>) {
        // SAFETY: under the lock the record is this thread's; the two do not overlap.
        self.locked(|record| unsafe { to.as_mut_ptr().copy_from_nonoverlapping(record, 1) });
    }

    #[inline(always)]
    fn write(&mut self, from: &Block<N>) {
        // SAFETY: as in `read`.
        self.locked(|record| unsafe { record.copy_from_nonoverlapping(from, 1) });
    }
}

impl<const N: usize> Drop for RobustMutex<N> {
    fn drop(&mut self) {
        // SAFETY: mapped by this value, and not used any more.
        let _ = unsafe { rustix::mm::munmap(self.shared.cast(), size_of::<Shared<N>>()) };
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}
