//! Another process, step by step: each system call that it enters or leaves, and each store to shared memory that it is
//! about to make, if it was built with `--cfg shmrec_steps`.
//!
//! The steps of an operation stand between two marks, which the process makes by system calls that do not exist
//! ([`begin`], [`end`]); the stores are announced in the same way (`shmrec_os::step`).
//!
//! # Safety
//!
//! `ptrace` and `waitpid` on a child of this process: neither touches this process's memory, but for the status and the
//! structure that they are given.
#![allow(unsafe_code)]

use std::io;

/// What `shmrec_os::step` announces stores by.
const STORE: u64 = 0x0f5e_0000;
const BEGIN: u64 = 0x0f5e_0001;
const END: u64 = 0x0f5e_0002;

/// Begins the steps that are counted, in the process that is stepped through.
pub fn begin() {
    mark(BEGIN);
}

/// Ends them.
pub fn end() {
    mark(END);
}

fn mark(number: u64) {
    // SAFETY: the kernel has no such call and touches nothing.
    unsafe { libc::syscall(number as libc::c_long) };
}

/// Whether this build announces stores.
#[must_use]
pub fn announces_stores() -> bool {
    cfg!(shmrec_steps)
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The process enters the system call of this number.
    Entry(u64),
    /// It has left the system call of this number.
    Exit(u64),
    /// It is about to store a word.
    Store,
}

/// A child that stops at every step. Only the thread that made this may use it.
#[derive(Debug)]
pub struct Stepper {
    pid: libc::pid_t,
    /// Whether the first mark was seen, and the last.
    begun: bool,
    /// The call that it is in.
    within: Option<u64>,
}

/// `struct ptrace_syscall_info` of the kernel, as much of it as is looked at.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct SyscallInfo {
    op: u8,
    pad: [u8; 3],
    arch: u32,
    instruction: u64,
    stack: u64,
    number: u64,
    arguments: [u64; 7],
}

impl Stepper {
    /// Takes hold of a child, wherever it is.
    ///
    /// # Errors
    ///
    /// When the system does not permit it.
    ///
    /// # Panics
    ///
    /// When the child ends.
    pub fn new(pid: u32) -> io::Result<Self> {
        let this = Self { pid: pid.try_into().expect("a process id"), begun: false, within: None };
        let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
        this.request(libc::PTRACE_SEIZE, 0, options as usize)?;
        this.request(libc::PTRACE_INTERRUPT, 0, 0)?;
        let stopped = this.wait();
        assert!(stopped.is_some(), "the process has ended");
        // On to where it enters a call, or leaves the one that it is in.
        this.request(libc::PTRACE_SYSCALL, 0, 0)?;
        Ok(this)
    }

    fn request(&self, request: libc::c_uint, address: usize, data: usize) -> io::Result<libc::c_long> {
        // SAFETY: the requests made here have no address, or that of a structure that outlives the call.
        match unsafe { libc::ptrace(request, self.pid, address, data) } {
            -1 => Err(io::Error::last_os_error()),
            outcome => Ok(outcome),
        }
    }

    /// Waits until it has stopped; its signal, or `None` when it has ended.
    fn wait(&self) -> Option<i32> {
        let mut status = 0;
        loop {
            // SAFETY: writes the status to where it is told.
            let waited = unsafe { libc::waitpid(self.pid, &raw mut status, libc::__WALL) };
            if waited == self.pid {
                return libc::WIFSTOPPED(status).then(|| libc::WSTOPSIG(status));
            }
            assert_eq!(io::Error::last_os_error().kind(), io::ErrorKind::Interrupted, "waitpid");
        }
    }

    fn info(&self) -> SyscallInfo {
        let mut info = SyscallInfo::default();
        let got = self.request(libc::PTRACE_GET_SYSCALL_INFO, size_of::<SyscallInfo>(), (&raw mut info).addr());
        got.expect("what the process is doing");
        info
    }

    /// Lets it run to its next step, and stops it there; `None` when the operation is over.
    ///
    /// # Panics
    ///
    /// When the process ends instead.
    // Not an iterator: each step lets another process run.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<Step> {
        loop {
            let signal = self.wait().expect("the process that is stepped through has ended");
            if signal != libc::SIGTRAP | 0x80 {
                // Another stop: none of its own signals matters here.
                self.go_on();
                continue;
            }
            let info = self.info();
            const ENTRY: u8 = 1;
            let step = if info.op == ENTRY {
                self.within = Some(info.number);
                match info.number {
                    BEGIN => {
                        self.begun = true;
                        None
                    }
                    END => return None,
                    STORE => Some(Step::Store),
                    number => Some(Step::Entry(number)),
                }
            } else {
                self.within.take().filter(|number| ![BEGIN, END, STORE].contains(number)).map(Step::Exit)
            };
            match step.filter(|_| self.begun) {
                Some(step) => return Some(step),
                None => self.go_on(),
            }
        }
    }

    /// Lets it run from a step to where [`next`](Self::next) finds the next one.
    ///
    /// # Panics
    ///
    /// When it cannot be let run.
    pub fn go_on(&self) {
        self.request(libc::PTRACE_SYSCALL, 0, 0).expect("the process goes on");
    }
}
