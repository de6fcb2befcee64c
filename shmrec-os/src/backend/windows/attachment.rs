//! A segment that this process uses.

use std::fs::File;
use std::sync::OnceLock;
use std::time::Duration;

use super::copied::Copied;
use super::event::{Event, Named, Use};
use super::handle::handle_count;
use super::names::{Beside, Scope};
use super::section::Section;
use super::security::{Audience, Descriptor, Kind};
use super::sleepers::{Context, Sleepers};
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
    /// Copied by the kernel: never on Windows, where nobody can take memory away that others have mapped.
    Copied(Copied),
}

/// What keeps a segment alive.
#[derive(Debug)]
pub(super) enum Hold {
    /// The named section itself: it goes with its last handle.
    Section(Section),
    /// A file, which stays, open as long as it is used; and an event that counts its users, where that can be had.
    File { _file: File, users: Option<Event> },
}

/// One handle's use of a segment: its memory, its place among the users, its writer slot. Dropping it releases the segment.
#[derive(Debug)]
pub struct Attachment {
    header: Header,
    // Before the hold, which the last user's segment goes with.
    memory: Memory,
    slot: OnceLock<Event>,
    sleepers: Sleepers,
    hold: Hold,
    beside: Beside,
    audience: Audience,
    place: Place,
    observer: Option<Observer>,
}

/// That a handle only looks.
#[derive(Debug)]
struct Observer {
    /// What says so to others, of memory, where it can be had.
    _sign: Option<Event>,
}

impl Attachment {
    /// A segment in memory.
    pub(super) fn of_section(
        header: Header,
        mapping: Mapping,
        section: Section,
        place: Place,
    ) -> Result<Self, Failure> {
        let audience = Audience::of(&section, Kind::Section)
            .map_err(|error| Failure::of_call("GetSecurityInfo", place.path(), error))?;
        let beside = Beside::new(Scope::of(&place), header.instance());
        Ok(Self::new(header, mapping, Hold::Section(section), beside, audience, place))
    }

    /// A persistent segment.
    pub(super) fn of_file(
        header: Header,
        mapping: Mapping,
        file: File,
        place: Place,
        observer: bool,
    ) -> Result<Self, Failure> {
        let audience = Audience::of(&file, Kind::File)
            .map_err(|error| Failure::of_call("GetSecurityInfo", place.path(), error))?;
        let beside = Beside::new(Scope::Global, header.instance());
        // Without it the users are not counted, and all else goes on.
        let counted = || {
            let descriptor = Descriptor::of_a_bell(&audience)?;
            Event::create(&beside.users(), true, Use::Wait, &descriptor)
        };
        let users = if observer { None } else { counted().ok().and_then(Named::either) };
        let mut attachment = Self::new(header, mapping, Hold::File { _file: file, users }, beside, audience, place);
        attachment.observer = observer.then_some(Observer { _sign: None });
        Ok(attachment)
    }

    /// This handle of memory, which from now on only looks.
    pub(super) fn observing(mut self) -> Self {
        let sign = Descriptor::of_an_observer()
            .and_then(|descriptor| Event::create(&self.beside.observers(), true, Use::Wait, &descriptor));
        self.observer = Some(Observer { _sign: sign.ok().and_then(Named::either) });
        self
    }

    fn new(header: Header, mapping: Mapping, hold: Hold, beside: Beside, audience: Audience, place: Place) -> Self {
        let (memory, slot, sleepers) = (Memory::Mapped(mapping), OnceLock::new(), Sleepers::default());
        Self { header, memory, slot, sleepers, hold, beside, audience, place, observer: None }
    }

    /// The header, as it was checked when this handle was made.
    #[inline]
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The memory.
    #[inline]
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Where the segment is.
    #[inline]
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether this handle may be used: always, since Windows has no `fork`.
    #[inline(always)]
    #[must_use]
    pub fn is_usable(&self) -> bool {
        true
    }

    /// As [`is_usable`](Self::is_usable), as a failure.
    ///
    /// # Errors
    ///
    /// None.
    #[inline]
    pub fn check_usable(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// The failure of a read of [`Memory::Copied`], of which there is none.
    #[must_use]
    #[cold]
    pub fn failed_read(&self, error: std::io::Error) -> Failure {
        Failure::of_call("ReadFile", self.place.path(), error)
    }

    /// The failure of a caller that found a contradiction in the segment.
    #[must_use]
    #[cold]
    pub fn damaged(&self, problem: String) -> Failure {
        Failure::new(What::Damaged { problem }, self.place.path())
    }

    /// Whether this handle only looks.
    #[must_use]
    pub fn is_observer(&self) -> bool {
        self.observer.is_some()
    }

    /// How many handles use the segment, this one included unless it only looks.
    ///
    /// Of memory all handles are counted but those of observers, which are told by an event that they hold. A program that
    /// means harm can hold it too, and make the number smaller: nothing is removed for what this says.
    ///
    /// # Errors
    ///
    /// When the kernel cannot be asked.
    pub fn users(&self) -> Result<usize, Failure> {
        let count = match &self.hold {
            Hold::Section(section) => handle_count(section).map(|all| all.saturating_sub(self.observers())),
            Hold::File { users: Some(users), .. } => handle_count(users),
            Hold::File { users: None, .. } => handles_of(&self.beside.users()),
        };
        count.map_err(|error| Failure::of_call("NtQueryObject", self.place.path(), error))
    }

    /// How many handles of memory only look.
    fn observers(&self) -> usize {
        handles_of(&self.beside.observers()).unwrap_or(0).max(usize::from(self.is_observer()))
    }

    /// Takes a writer slot for this handle, until it is released. The caller calls this once.
    ///
    /// # Errors
    ///
    /// [`What::NoWriterSlot`] when all are taken.
    pub fn claim_writer_slot(&self) -> Result<u32, Failure> {
        let failed = |error| Failure::of_call("CreateEventEx", self.place.path(), error);
        let descriptor = Descriptor::of_a_writer(&self.audience).map_err(failed)?;
        // At random, because slots are taken from wherever the scan begins.
        let first = (random() % u64::from(WRITER_SLOTS)) as u32;
        for i in 0..WRITER_SLOTS {
            let slot = (first + i) % WRITER_SLOTS;
            // The event is never set. That it is there says that its maker lives, and the kernel makes it once only.
            if let Named::Fresh(event) =
                Event::create(&self.beside.writer(slot), true, Use::Wait, &descriptor).map_err(failed)?
            {
                let _ = self.slot.set(event);
                return Ok(slot);
            }
        }
        Err(Failure::new(What::NoWriterSlot, self.place.path()))
    }

    /// The kernel's side of lock and bell, for a caller that waits until `deadline`.
    #[must_use]
    #[inline]
    pub fn liveness(&self, deadline: Deadline) -> Liveness<'_> {
        Liveness { attachment: self, deadline }
    }

    /// Releases the segment: with the last user's handle it is gone, unless it persists.
    ///
    /// # Errors
    ///
    /// None: closing handles does not fail.
    pub fn release(mut self) -> Result<(), Failure> {
        if let Memory::Mapped(mapping) = &mut self.memory {
            mapping.unmap();
        }
        Ok(())
    }

    /// Stores what a new segment has in it, and makes it findable with the last store.
    pub(super) fn publish(&self, contents: &[(usize, &[u8])]) {
        self.context().mapping.store_contents(contents);
    }

    fn context(&self) -> Context<'_> {
        let Memory::Mapped(mapping) = &self.memory else { unreachable!("there is no value of `Copied`") };
        Context { header: &self.header, mapping, beside: &self.beside, audience: &self.audience }
    }
}

/// How many handles the event `name` has, without the one that asks.
fn handles_of(name: &str) -> std::io::Result<usize> {
    match Event::open(name, Use::Wait)? {
        Named::Found(event) | Named::Fresh(event) => Ok(handle_count(&event)?.saturating_sub(1)),
        Named::NotFound => Ok(0),
        Named::Denied => Err(std::io::ErrorKind::PermissionDenied.into()),
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

    /// The slot's event is there as long as its maker lives: the kernel closes a dead process's handles before it says
    /// that the process has ended. Whoever may write the segment may open the event, by the rights that it is made with;
    /// what this writer may not open, or what somebody made who may not write, is a reader's who means harm, and no sign
    /// of life.
    fn holds_slot(&self, slot: u32) -> Result<bool, Failure> {
        let attachment = self.attachment;
        let failed = |call| move |error| Failure::of_call(call, attachment.place.path(), error);
        match Event::open(&attachment.beside.writer(slot), Use::Wait).map_err(failed("OpenEvent"))? {
            Named::Found(event) | Named::Fresh(event) => {
                attachment.audience.has_writer_who_made(&event).map_err(failed("GetSecurityInfo"))
            }
            Named::NotFound | Named::Denied => Ok(false),
        }
    }

    fn sleep(&self, at: usize, expected: u32, timeout: Duration) {
        self.attachment.sleepers.sleep(&self.attachment.context(), at, expected, timeout);
    }

    fn wake(&self, at: usize, _count: u32) -> u32 {
        self.attachment.sleepers.wake(&self.attachment.context(), at)
    }

    fn remaining(&self) -> Option<Duration> {
        self.deadline.remaining()
    }
}
