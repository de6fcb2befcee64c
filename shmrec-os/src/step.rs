//! Steps for crash injection: in a build with `--cfg shmrec_steps`, every store to shared memory is announced to whoever
//! traces this process, so that it can be killed just before. In every other build nothing of this is compiled.
//!
//! A step is announced by a system call that does not exist: a tracer sees it beside the real ones, in order. Loads are no
//! steps: what others find does not depend on them.

/// The first number of the calls that do not exist.
#[cfg(shmrec_steps)]
const CALL: libc::c_long = 0x0f5e_0000;

/// Announces the store that comes next.
#[cfg(shmrec_steps)]
#[allow(unsafe_code)]
#[inline(always)]
pub fn before_store() {
    // SAFETY: the kernel has no such call and touches nothing.
    unsafe { libc::syscall(CALL) };
}

/// Announces nothing: this build is not for crash injection.
#[cfg(not(shmrec_steps))]
#[inline(always)]
pub fn before_store() {}
