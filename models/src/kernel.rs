//! The kernel's side for the threads of a model.

use std::convert::Infallible;
use std::time::Duration;

use loom::sync::{Arc, Condvar, Mutex};
use shmrec_os::lock::Kernel;
use shmrec_os::words::ReadWords;

use crate::memory::Memory;

/// Writer slots that a model has.
pub const WRITERS: u32 = 4;

/// What the kernel keeps.
#[derive(Debug)]
struct State {
    sleepers: u32,
    /// Who holds the byte of each writer slot.
    alive: [bool; WRITERS as usize],
}

/// A kernel whose sleeps end only when somebody wakes the sleeper, so that a lost wake-up is a deadlock, which the model
/// checker finds; unless the model says that they end by themselves.
#[derive(Debug)]
pub struct Futex {
    /// The segment's words.
    pub memory: Arc<Memory>,
    state: Mutex<State>,
    woken: Condvar,
    sleeps_end: bool,
}

impl Futex {
    /// A kernel in which nobody is dead.
    #[must_use]
    pub fn new(memory: Memory) -> Self {
        Self {
            memory: Arc::new(memory),
            state: Mutex::new(State { sleepers: 0, alive: [true; WRITERS as usize] }),
            woken: Condvar::new(),
            sleeps_end: false,
        }
    }

    /// One whose sleeps end by themselves, as all real ones do after some milliseconds: for owners that die without waking.
    #[must_use]
    pub fn with_ending_sleeps(memory: Memory) -> Self {
        Self { sleeps_end: true, ..Self::new(memory) }
    }

    /// The holder of a writer slot dies, or another one comes.
    ///
    /// # Panics
    ///
    /// Never: nobody panics with the kernel's lock.
    pub fn set_alive(&self, slot: u32, alive: bool) {
        self.state.lock().expect("the kernel").alive[slot as usize] = alive;
    }
}

impl Kernel for &Futex {
    const SPINS: u32 = 0;
    type Error = Infallible;

    fn holds_slot(&self, slot: u32) -> Result<bool, Infallible> {
        Ok(self.state.lock().expect("the kernel").alive[slot as usize])
    }

    fn sleep(&self, at: usize, expected: u32, _timeout: Duration) {
        if self.sleeps_end {
            return loom::thread::yield_now();
        }
        let mut state = self.state.lock().expect("the kernel");
        let Ok(word) = self.memory.load_u32(at);
        if word == expected {
            state.sleepers += 1;
            drop(self.woken.wait(state).expect("the kernel"));
        }
    }

    fn wake(&self, _at: usize, count: u32) -> u32 {
        let mut state = self.state.lock().expect("the kernel");
        let woken = count.min(state.sleepers);
        state.sleepers -= woken;
        for _ in 0..woken {
            self.woken.notify_one();
        }
        woken
    }

    fn remaining(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
}
