//! A segment that this process uses.

use std::time::Duration;

use super::copied::Copied;
use super::fork;
use super::kind::Origin;
use super::leave::leave;
use super::locks::Locks;
use crate::backend::deadline::Deadline;
use crate::backend::mapping::Mapping;
use crate::backend::random::random;
use crate::format::{Header, WRITER_SLOTS};
use crate::lock::Kernel;
use crate::{Failure, Place, What};

/// A segment's memory, as this process reaches it.
#[derive(Debug)]
pub enum Memory {
    /// Mapped: words are loaded and stored.
    Mapped(Mapping),
    /// Another user's: copied by the kernel.
    Copied(Copied),
}

/// One handle's use of a segment: its memory, its place among the users, its locks. Dropping it releases the segment.
#[derive(Debug)]
pub struct Attachment {
    header: Header,
    memory: Memory,
    origin: Origin,
    locks: Locks,
    place: Place,
    generation: u32,
    released: bool,
    /// Whether it is not among the users.
    observes: bool,
}

impl Attachment {
    pub(super) fn new(header: Header, memory: Memory, origin: Origin, locks: Locks, place: Place) -> Self {
        let generation = fork::generation();
        Self { header, memory, origin, locks, place, generation, released: false, observes: false }
    }

    /// Of somebody who is not among the users: the locks only ask.
    pub(super) fn observer(header: Header, memory: Memory, origin: Origin, locks: Locks, place: Place) -> Self {
        let mut this = Self::new(header, memory, origin, locks, place);
        this.observes = true;
        this
    }

    /// The header, as it was checked when this handle was made.
    #[inline]
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether this handle is not among the segment's users.
    #[must_use]
    pub fn is_observer(&self) -> bool {
        self.observes
    }

    pub(super) fn locks(&self) -> &Locks {
        &self.locks
    }

    /// The memory.
    #[inline]
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether this handle may be used; see [`check_usable`](Self::check_usable).
    #[inline(always)]
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !fork::process_forked(self.generation)
    }

    /// Where the segment is.
    #[inline]
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether this handle may be used: not if it was inherited through `fork`.
    ///
    /// # Errors
    ///
    /// [`What::Forked`].
    #[inline]
    pub fn check_usable(&self) -> Result<(), Failure> {
        if self.is_usable() { Ok(()) } else { Err(self.forked()) }
    }

    /// The failure of a read of [`Memory::Copied`].
    #[must_use]
    #[cold]
    pub fn failed_read(&self, error: std::io::Error) -> Failure {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            return self.failure(What::Truncated);
        }
        Failure::of_call("pread", self.place.path(), error)
    }

    /// The failure of a caller that found a contradiction in the segment.
    #[must_use]
    #[cold]
    pub fn damaged(&self, problem: String) -> Failure {
        self.failure(What::Damaged { problem })
    }

    #[cold]
    fn forked(&self) -> Failure {
        self.failure(What::Forked)
    }

    #[cold]
    fn failure(&self, what: What) -> Failure {
        Failure::new(what, self.place.path())
    }

    /// How many handles use the segment, this one included unless it only observes. At most 4096 others are counted, and handles on the same
    /// byte of 2^40 count once.
    ///
    /// # Errors
    ///
    /// When the kernel cannot be asked, and in the child of a fork.
    pub fn users(&self) -> Result<usize, Failure> {
        self.check_usable()?;
        let own = usize::from(!self.observes);
        Ok(own + self.locks.count_others().map_err(|e| Failure::of_call("fcntl", self.place.path(), e))?)
    }

    /// Takes a writer slot for this handle, until it is released. The caller calls this once.
    ///
    /// # Errors
    ///
    /// [`What::NoWriterSlot`] when all are taken.
    pub fn claim_writer_slot(&self) -> Result<u32, Failure> {
        self.check_usable()?;
        // At random, because slots are taken from wherever the scan begins.
        let first = (random() % u64::from(WRITER_SLOTS)) as u32;
        for i in 0..WRITER_SLOTS {
            let slot = (first + i) % WRITER_SLOTS;
            match self.locks.take_writer_slot(slot) {
                Ok(true) => return Ok(slot),
                Ok(false) => {}
                Err(error) => return Err(Failure::of_call("fcntl", self.place.path(), error)),
            }
        }
        Err(self.failure(What::NoWriterSlot))
    }

    /// The kernel's side of lock and bell, for a caller that waits until `deadline`.
    #[must_use]
    #[inline]
    pub fn liveness(&self, deadline: Deadline) -> Liveness<'_> {
        Liveness { attachment: self, deadline }
    }

    /// Releases the segment: the last user to do so removes it, unless it persists.
    ///
    /// # Errors
    ///
    /// When the system refuses. The handle is gone all the same, and what it leaves behind the next program to touch the
    /// name finds.
    pub fn release(mut self) -> Result<(), Failure> {
        self.check_usable()?;
        self.give_up()
    }

    fn give_up(&mut self) -> Result<(), Failure> {
        self.released = true;
        if self.observes {
            // Nothing was joined.
            return Ok(());
        }
        // The memory first: whoever is the last to leave looks whether anybody is attached.
        if let Memory::Mapped(mapping) = &mut self.memory {
            mapping.unmap();
        }
        leave(&self.locks, self.header.persist(), Some(self.origin), &self.place)
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        if !self.released && !self.observes && self.check_usable().is_ok() {
            // Nobody is there to hear of it; `release` is for those who ask.
            let _ = self.give_up();
        }
    }
}

/// An attachment and a deadline: whom the kernel knows to live, and how long to sleep.
#[derive(Debug)]
pub struct Liveness<'a> {
    attachment: &'a Attachment,
    deadline: Deadline,
}

impl Kernel for Liveness<'_> {
    type Error = Failure;

    fn holds_slot(&self, slot: u32) -> Result<bool, Failure> {
        let attachment = self.attachment;
        attachment.locks.writer_lives(slot).map_err(|e| Failure::of_call("fcntl", attachment.place.path(), e))
    }

    fn sleep(&self, at: usize, expected: u32, timeout: Duration) {
        match &self.attachment.memory {
            Memory::Mapped(mapping) => mapping.sleep(at, expected, timeout),
            Memory::Copied(_) => std::thread::sleep(timeout),
        }
    }

    fn wake(&self, at: usize, count: u32) -> u32 {
        match &self.attachment.memory {
            Memory::Mapped(mapping) => mapping.wake(at, count),
            Memory::Copied(_) => 0,
        }
    }

    fn remaining(&self) -> Option<Duration> {
        self.deadline.remaining()
    }
}
