//! Sleeping on a word of shared memory, across processes: `os_sync_wait_on_address`, which macOS 14.4 and later have, and
//! looking again after pauses before.
//!
//! # Safety
//!
//! The functions are looked up by name, because a program that is linked to them would not start where they are missing;
//! their types are those of `os/os_sync_wait_on_address.h`. The word is mapped as long as it is borrowed.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Where the system has no such call, sleepers look again after so long.
const PAUSE: Duration = Duration::from_millis(1);

/// The sleepers of one word are in different processes.
const SHARED: u32 = 1;

/// Mach absolute time, the clock of the timeouts.
const MACH_ABSOLUTE_TIME: u32 = 32;

type Wait = unsafe extern "C" fn(*mut c_void, u64, usize, u32, u32, u64) -> c_int;
type Wake = unsafe extern "C" fn(*mut c_void, usize, u32) -> c_int;

struct Calls {
    wait: Wait,
    wake_any: Wake,
    wake_all: Wake,
}

fn calls() -> Option<&'static Calls> {
    static CALLS: OnceLock<Option<Calls>> = OnceLock::new();
    let find = |name: &CStr| {
        // SAFETY: the name ends with a NUL; what is found stays as long as the process.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        (!found.is_null()).then_some(found)
    };
    let all = || {
        let wait = find(c"os_sync_wait_on_address_with_timeout")?;
        let wake_any = find(c"os_sync_wake_by_address_any")?;
        let wake_all = find(c"os_sync_wake_by_address_all")?;
        Some(Calls {
            // SAFETY: the function of this name has this type.
            wait: unsafe { std::mem::transmute::<*mut c_void, Wait>(wait) },
            // SAFETY: as above.
            wake_any: unsafe { std::mem::transmute::<*mut c_void, Wake>(wake_any) },
            // SAFETY: as above.
            wake_all: unsafe { std::mem::transmute::<*mut c_void, Wake>(wake_all) },
        })
    };
    CALLS.get_or_init(all).as_ref()
}

/// Sleeps while the word is `expected`, at most for `timeout`. May return before, for any reason: the caller looks at the
/// word again.
pub(crate) fn wait(word: &AtomicU32, expected: u32, timeout: Duration) {
    // Every caller's timeout is bounded by milliseconds; 0 would be an error.
    let nanos = (timeout.as_nanos() as u64).max(1);
    match calls() {
        Some(calls) => {
            let address = word.as_ptr().cast();
            // SAFETY: the word is mapped, aligned, and has 4 bytes. Awake, another value, a signal, the time over: all the
            // same to a caller that looks again.
            unsafe { (calls.wait)(address, expected.into(), 4, SHARED, MACH_ABSOLUTE_TIME, nanos) };
        }
        // Relaxed: the caller looks again, and orders what it needs.
        None if word.load(Ordering::Relaxed) == expected => std::thread::sleep(timeout.min(PAUSE)),
        None => {}
    }
}

/// Wakes up to `count` sleepers, one or all; gives how many it knows to have woken, or 1 where sleepers look by themselves.
pub(crate) fn wake(word: &AtomicU32, count: u32) -> u32 {
    let Some(calls) = calls() else { return 1 };
    let wake = if count == 1 { calls.wake_any } else { calls.wake_all };
    // SAFETY: as for `wait`. It fails when nobody sleeps.
    u32::from(unsafe { wake(word.as_ptr().cast(), 4, SHARED) } == 0)
}
