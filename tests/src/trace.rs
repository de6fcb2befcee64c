//! Another process, stopped at every system call: what it leaves when it is killed there.
//!
//! # Safety
//!
//! `ptrace` and `waitpid` on a child of this process: neither touches this process's memory, but for the status that it is
//! given.
#![allow(unsafe_code)]

use std::io;

/// A child that stops when it enters a system call and when it leaves it. Only the thread that made this may use it.
#[derive(Debug)]
pub struct Traced {
    pid: libc::pid_t,
}

impl Traced {
    /// Stops a child, wherever it is.
    ///
    /// # Errors
    ///
    /// When the system does not permit it.
    ///
    /// # Panics
    ///
    /// When the child ends.
    pub fn new(pid: u32) -> io::Result<Self> {
        let this = Self { pid: pid.try_into().expect("a process id") };
        this.request(libc::PTRACE_SEIZE)?;
        this.request(libc::PTRACE_INTERRUPT)?;
        assert!(this.wait(), "the traced process has ended");
        Ok(this)
    }

    fn request(&self, request: libc::c_uint) -> io::Result<()> {
        // SAFETY: none of these requests has an address.
        match unsafe { libc::ptrace(request, self.pid, 0, 0) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Waits until it has stopped; `false` when it has ended.
    fn wait(&self) -> bool {
        let mut status = 0;
        loop {
            // SAFETY: writes the status to where it is told.
            let waited = unsafe { libc::waitpid(self.pid, &raw mut status, libc::__WALL) };
            if waited == self.pid {
                return libc::WIFSTOPPED(status);
            }
            assert_eq!(io::Error::last_os_error().kind(), io::ErrorKind::Interrupted, "waitpid");
        }
    }

    /// Lets it run to where it next enters or leaves a system call; `false` when it has ended.
    ///
    /// # Panics
    ///
    /// When it cannot be let run.
    #[must_use]
    pub fn step(&self) -> bool {
        self.request(libc::PTRACE_SYSCALL).expect("the traced process goes on");
        self.wait()
    }

    /// Lets it run freely.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn let_go(self) {
        self.request(libc::PTRACE_DETACH).expect("the traced process goes on");
    }
}
