//! A handle without a type: images in and out of one segment, under its lock where they go in.
//!
//! [`Reader`](crate::Reader) and [`Segment`](crate::Segment) are its typed faces.
//!
//! # Safety
//!
//! The only `unsafe` is to say that memory is initialised which the transfer has written.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use shmrec_os::lock::{self, Kernel, Lost, NotAcquired};
use shmrec_os::words::{ReadWords, Words};
use shmrec_os::{Attachment, Deadline, Failure, Mapping, Memory, bell};

use crate::bounded::{Bounded, Reach};
use crate::error::{
    AlreadyLocked, Contended, LinkError, LockError, LockLost, LockTimeout, NoSuchVersion, NotYetWritten, ReadError,
    ReleaseError, VersionsExhausted, WaitError, WaitTimeout, WriteError,
};
use crate::link::{LockOwner, LockState};
use crate::schema::Schema;
use crate::transfer::{NotRead, Run, Slots, Source};
use crate::{Fingerprint, SegmentOptions, Version, bytes};

/// Reads that writers overtake are repeated at once, until about so many bytes have been copied in vain: some hundred
/// microseconds. Then between two attempts the clock is looked at and others are let run.
const FREE_BYTES: usize = 1 << 21;
/// Bytes whose copy takes as long as what an attempt costs beside its copy.
const ATTEMPT: usize = 1 << 10;

const LONG: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

#[derive(Debug)]
pub(crate) struct Core {
    attachment: Attachment,
    slots: Slots,
    reach: Reach,
    read_timeout: Duration,
    lock_timeout: Duration,
    /// The word that names this handle as the lock's owner; 0 until its first write.
    mine: AtomicU32,
    /// Held while `mine` is made.
    claiming: Mutex<()>,
    /// The thread that has the lock through this handle and runs code of the program's; 0 for none.
    owner_thread: AtomicUsize,
}

impl Core {
    pub(crate) fn new(attachment: Attachment, options: &SegmentOptions) -> Self {
        let reach = match attachment.memory() {
            Memory::Mapped(mapping) => {
                // A header's regions all lie in its segment, and are aligned as its check demands.
                assert!(attachment.header().total_len() <= mapping.len(), "a part of a segment is mapped");
                if options.populate {
                    mapping.populate();
                }
                // SAFETY: the segment lies in the mapping, which this handle keeps at its address. Every use in this file is of a
                // region's own words, at constants of their modules, or of a run that `Reach::memory` has compared with the size
                // of a slot. Stores are made under the lock alone, which `contend` lets nobody have whose mapping is not writable.
                #[allow(unsafe_code)]
                unsafe {
                    Reach::new(mapping, attachment.header().stride())
                }
            }
            Memory::Copied(_) => Reach::none(),
        };
        Self {
            slots: Slots::new(attachment.header()),
            attachment,
            reach,
            read_timeout: options.read_timeout,
            lock_timeout: options.lock_timeout,
            mine: AtomicU32::new(0),
            claiming: Mutex::new(()),
            owner_thread: AtomicUsize::new(0),
        }
    }

    #[inline]
    pub(crate) fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    #[inline]
    pub(crate) fn lock_timeout(&self) -> Duration {
        self.lock_timeout
    }

    /// The schema that stands in the segment, which is that of the header's fingerprint.
    pub(crate) fn schema(&self) -> Result<Schema, LinkError> {
        let header = self.attachment.header();
        let damaged = |problem: String| LinkError::from(self.attachment.damaged(problem));
        let mut text = vec![0; header.schema_len()];
        self.copy_out(header.schema(), &mut text)?;
        let text = std::str::from_utf8(&text).map_err(|error| damaged(format!("its schema is not UTF-8: {error}")))?;
        let schema = Schema::parse(text).map_err(|error| damaged(format!("its schema cannot be read: {error}")))?;
        if schema.fingerprint() != Fingerprint::from_le_bytes(header.fingerprint()) {
            return Err(damaged("its fingerprint is not that of its schema".to_owned()));
        }
        let record = schema.record();
        if (record.size, record.align) != (header.record_len(), header.record_align()) {
            return Err(damaged(format!(
                "its schema is that of a record of {} bytes, and its header says {}",
                record.size,
                header.record_len()
            )));
        }
        Ok(schema)
    }

    /// Makes all transfers take the long way, because records here and in the segment differ.
    pub(crate) fn keep_out_of_reach(&mut self) {
        self.reach = Reach::none();
    }

    /// The last version.
    pub(crate) fn version(&self) -> Result<Version, ReadError> {
        self.attachment.check_usable()?;
        match self.attachment.memory() {
            Memory::Mapped(mapping) => Ok(Version::new(self.slots.committed(mapping)?)),
            Memory::Copied(copied) => self.slots.committed(copied).map(Version::new).map_err(|e| self.fault(e)),
        }
    }

    /// The version that a writer has begun.
    pub(crate) fn begun(&self) -> Result<Version, ReadError> {
        self.attachment.check_usable()?;
        match self.attachment.memory() {
            Memory::Mapped(mapping) => Ok(Version::new(self.slots.begun(mapping)?)),
            Memory::Copied(copied) => self.slots.begun(copied).map(Version::new).map_err(|e| self.fault(e)),
        }
    }

    /// Copies `runs` of the last version to `to`, one behind the other; gives them, initialised, and the version.
    #[inline(always)]
    pub(crate) fn read<'t>(
        &self,
        runs: &[Run],
        to: &'t mut [MaybeUninit<u8>],
    ) -> Result<(Version, &'t mut [u8]), ReadError> {
        self.read_or(runs, to, |to| {
            let version = self.read_patiently(runs, to)?;
            // SAFETY: `Slots::read` has written all of `to`.
            #[allow(unsafe_code)]
            Ok((version, unsafe { bytes::assume_init(to) }))
        })
    }

    /// As [`read`](Self::read), if that can be done at once; what `otherwise` does if not.
    #[inline(always)]
    pub(crate) fn read_or<'t>(
        &self,
        runs: &[Run],
        to: &'t mut [MaybeUninit<u8>],
        otherwise: impl FnOnce(&'t mut [MaybeUninit<u8>]) -> Result<(Version, &'t mut [u8]), ReadError>,
    ) -> Result<(Version, &'t mut [u8]), ReadError> {
        match self.read_at_once(runs, to) {
            // SAFETY: `read_at_once` has written all of `to`.
            #[allow(unsafe_code)]
            Some(version) => Ok((version, unsafe { bytes::assume_init(to) })),
            None => otherwise(to),
        }
    }

    /// What happens nearly always, in line and nothing else: one attempt to read from the mapping. If it gives a version, all of
    /// `to` has been written.
    #[inline(always)]
    fn read_at_once(&self, runs: &[Run], to: &mut [MaybeUninit<u8>]) -> Option<Version> {
        let mut memory = None;
        for run in runs {
            memory = Some(self.reach.memory(*run)?);
        }
        let memory = memory.filter(|_| self.attachment.is_usable())?;
        match self.slots.attempt(&memory, runs, to) {
            Ok(version) => version.map(Version::new),
            Err(_) => None,
        }
    }

    #[cold]
    #[inline(never)]
    fn read_patiently(&self, runs: &[Run], to: &mut [MaybeUninit<u8>]) -> Result<Version, ReadError> {
        self.attachment.check_usable()?;
        match self.attachment.memory() {
            Memory::Mapped(mapping) => self.read_from(mapping, runs, to, |never| match never {}),
            Memory::Copied(copied) => self.read_from(copied, runs, to, |error| self.fault(error)),
        }
    }

    /// Copies `runs` of the last version, one behind the other.
    pub(crate) fn read_to_vec(&self, runs: &[Run]) -> Result<(Version, Vec<u8>), ReadError> {
        let mut image = vec![0; runs.iter().map(|run| run.len).sum()];
        // SAFETY: a transfer writes initialised bytes or none.
        #[allow(unsafe_code)]
        let to = unsafe { bytes::of_bytes(&mut image) };
        let version = self.read(runs, to)?.0;
        Ok((version, image))
    }

    /// Copies `runs` of one of the last versions, one behind the other.
    pub(crate) fn read_version_to_vec(&self, version: Version, runs: &[Run]) -> Result<Vec<u8>, ReadError> {
        let mut image = vec![0; runs.iter().map(|run| run.len).sum()];
        // SAFETY: a transfer writes initialised bytes or none.
        #[allow(unsafe_code)]
        let to = unsafe { bytes::of_bytes(&mut image) };
        self.read_version(version, runs, to)?;
        Ok(image)
    }

    /// Copies `run` of the last version to `bytes`.
    #[inline(always)]
    pub(crate) fn read_bytes(&self, run: Run, bytes: &mut [u8]) -> Result<Version, ReadError> {
        // SAFETY: a transfer writes initialised bytes or none.
        #[allow(unsafe_code)]
        let to = unsafe { bytes::of_bytes(bytes) };
        Ok(self.read(&[run], to)?.0)
    }

    /// Copies bytes of the segment that no writer changes.
    pub(crate) fn copy_out(&self, at: usize, bytes: &mut [u8]) -> Result<(), Failure> {
        // SAFETY: a copy writes initialised bytes or none.
        #[allow(unsafe_code)]
        let to = unsafe { bytes::of_bytes(bytes) };
        match self.attachment.memory() {
            Memory::Mapped(mapping) => mapping.copy_out(at, 0, to).map_err(|never| match never {}),
            Memory::Copied(copied) => {
                Source::copy_out(copied, at, 0, to).map_err(|error| self.attachment.failed_read(error))
            }
        }
    }

    fn read_from<M: Source>(
        &self,
        memory: &M,
        runs: &[Run],
        to: &mut [MaybeUninit<u8>],
        fault: impl FnOnce(M::Fault) -> ReadError,
    ) -> Result<Version, ReadError> {
        let mut patience = Patience::new(self.read_timeout, to.len());
        match self.slots.read(memory, runs, to, || patience.again()) {
            Ok(version) => Ok(Version::new(version)),
            Err(NotRead::Fault(error)) => Err(fault(error)),
            Err(NotRead::NotYetWritten) => Err(NotYetWritten {}.into()),
            Err(_) => Err(Contended { attempts: patience.attempts }.into()),
        }
    }

    /// As [`read`](Self::read), of one of the last versions.
    pub(crate) fn read_version<'t>(
        &self,
        version: Version,
        runs: &[Run],
        to: &'t mut [MaybeUninit<u8>],
    ) -> Result<&'t mut [u8], ReadError> {
        self.attachment.check_usable()?;
        match self.attachment.memory() {
            Memory::Mapped(mapping) => {
                let outcome = self.slots.read_version(mapping, version.get(), runs, to);
                self.version_read(version, outcome, |never| match never {})
            }
            Memory::Copied(copied) => {
                let outcome = self.slots.read_version(copied, version.get(), runs, to);
                self.version_read(version, outcome, |error| self.fault(error))
            }
        }?;
        // SAFETY: `Slots::read_version` has written all of `to`.
        #[allow(unsafe_code)]
        Ok(unsafe { bytes::assume_init(to) })
    }

    fn version_read<F>(
        &self,
        asked: Version,
        outcome: Result<(), NotRead<F>>,
        fault: impl FnOnce(F) -> ReadError,
    ) -> Result<(), ReadError> {
        match outcome {
            Ok(()) => Ok(()),
            Err(NotRead::Fault(error)) => Err(fault(error)),
            Err(NotRead::NotYetWritten) => Err(NotYetWritten {}.into()),
            Err(_) => Err(NoSuchVersion { asked, newest: self.version()? }.into()),
        }
    }

    /// How many versions the segment keeps, whatever a writer is doing.
    pub(crate) fn kept_versions(&self) -> u64 {
        self.slots.count() - 1
    }

    /// What `read` gives for each of the last versions that the segment still has, oldest first.
    pub(crate) fn history<R>(&self, read: impl Fn(Version) -> Result<R, ReadError>) -> Result<Vec<R>, ReadError> {
        let newest = self.version()?.get();
        let oldest = newest.saturating_sub(self.kept_versions() - 1).max(1);
        let mut versions = Vec::new();
        for version in (oldest..=newest).map(Version::new) {
            match read(version) {
                Ok(record) => versions.push(record),
                Err(ReadError::NoSuchVersion(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(versions)
    }

    #[cold]
    fn fault(&self, error: std::io::Error) -> ReadError {
        self.attachment.failed_read(error).into()
    }

    /// Waits until `look` gives something or the time is over.
    pub(crate) fn wait<R>(
        &self,
        since: Version,
        timeout: Duration,
        look: impl FnMut() -> Result<Option<R>, WaitError>,
    ) -> Result<R, WaitError> {
        self.attachment.check_usable().map_err(ReadError::from)?;
        let header = self.attachment.header();
        let kernel = self.attachment.liveness(Deadline::after(timeout));
        let found = match self.attachment.memory() {
            Memory::Mapped(mapping) if mapping.is_writable() => bell::wait(mapping, header.bell(), &kernel, look),
            Memory::Mapped(mapping) if header.wake_always() => {
                bell::wait_unregistered(mapping, header.bell(), &kernel, look)
            }
            _ => bell::poll(&kernel, look),
        };
        found?.ok_or_else(|| WaitTimeout { since, waited: timeout }.into())
    }

    /// How often the lock was taken over from a dead owner.
    pub(crate) fn recoveries(&self) -> Result<u32, ReadError> {
        self.attachment.check_usable()?;
        let region = self.attachment.header().lock();
        match self.attachment.memory() {
            Memory::Mapped(mapping) => Ok(lock::recoveries(mapping, region)?),
            Memory::Copied(copied) => lock::recoveries(copied, region).map_err(|error| self.fault(error)),
        }
    }

    /// Who has the lock.
    pub(crate) fn lock_state(&self) -> Result<LockState, ReadError> {
        self.attachment.check_usable()?;
        let region = self.attachment.header().lock();
        let look = match self.attachment.memory() {
            Memory::Mapped(mapping) => lock::look(mapping, region)?,
            Memory::Copied(copied) => lock::look(copied, region).map_err(|error| self.fault(error))?,
        };
        let owner = match look {
            lock::Look { owner: 0, .. } => None,
            // This handle's own locks the kernel does not show. Acquire: as in `lock`.
            lock::Look { owner, slot, .. } if owner == self.mine.load(Ordering::Acquire) => {
                Some(LockOwner { id: owner, writer_slot: slot, alive: true })
            }
            lock::Look { owner, slot, .. } => {
                let kernel = self.attachment.liveness(Deadline::NONE);
                let alive = slot.map(|slot| kernel.holds_slot(slot)).transpose()?.unwrap_or(false);
                Some(LockOwner { id: owner, writer_slot: slot, alive })
            }
        };
        Ok(LockState { owner, waiters: look.waiters })
    }

    /// The mapping that writes go to.
    ///
    /// # Panics
    ///
    /// For a reader of a segment that is not mapped. Only a [`Segment`](crate::Segment) writes, and what is created or
    /// linked for writing is mapped.
    #[inline]
    fn mapping(&self) -> &Mapping {
        match self.attachment.memory() {
            Memory::Mapped(mapping) => mapping,
            Memory::Copied(_) => not_mapped(),
        }
    }

    /// The mapping of one who writes.
    #[inline(always)]
    fn memory(&self) -> Bounded<'_> {
        // SAFETY: as in `new`.
        #[allow(unsafe_code)]
        unsafe {
            Bounded::new(self.mapping())
        }
    }

    /// Takes the writer lock. `guarded` says that code of the program runs while it is held, and could try to take it
    /// again, or fork.
    #[inline(always)]
    pub(crate) fn lock(&self, wait: Option<Duration>, guarded: bool) -> Result<Held<'_>, LockError> {
        let (mine, recovered) = match self.try_lock(&self.memory()) {
            Some(mine) => (mine, false),
            None => {
                let recovered = self.contend(wait)?;
                // Relaxed: this thread has just used the word.
                (self.mine.load(Ordering::Relaxed), recovered)
            }
        };
        if guarded {
            // Relaxed: only this thread asks whether it is this thread.
            self.owner_thread.store(this_thread(), Ordering::Relaxed);
        }
        Ok(Held { core: self, mine, recovered, guarded, published: false })
    }

    /// Takes the writer lock if it is free and nobody sleeps, and this handle may be used. Gives this handle's word.
    #[inline(always)]
    fn try_lock(&self, memory: &Bounded<'_>) -> Option<u32> {
        // Acquire: pairs with the release in `claim`, by whichever thread. Who has a word has been in `contend`, where it has
        // been seen that the mapping is writable.
        let mine = self.mine.load(Ordering::Acquire);
        let taken = mine != 0
            && self.attachment.is_usable()
            && lock::try_acquire(memory, self.attachment.header().lock(), mine);
        taken.then_some(mine)
    }

    /// Takes the writer lock when it is not free; says whether its owner was dead.
    #[cold]
    #[inline(never)]
    fn contend(&self, wait: Option<Duration>) -> Result<bool, LockError> {
        self.attachment.check_usable()?;
        if self.owner_thread.load(Ordering::Relaxed) == this_thread() {
            return Err(AlreadyLocked {}.into());
        }
        let mapping = self.mapping();
        assert!(mapping.is_writable(), "a segment that is linked for writing is mapped for writing");
        // Acquire: as in `try_lock`.
        let mine = match self.mine.load(Ordering::Acquire) {
            0 => self.claim()?,
            mine => mine,
        };
        let kernel = self.attachment.liveness(wait.map_or(Deadline::NONE, Deadline::after));
        match lock::acquire(mapping, self.attachment.header().lock(), mine, &kernel) {
            Ok(acquired) => Ok(acquired.recovered),
            Err(NotAcquired::Kernel(failure)) => Err(failure.into()),
            Err(NotAcquired::Held { by_this_handle }) => {
                Err(LockTimeout { waited: wait.unwrap_or_default(), by_this_handle }.into())
            }
        }
    }

    /// Publishes an image as the next version, under the lock for just so long, if that can be done at once; what `otherwise`
    /// does if not.
    #[inline(always)]
    pub(crate) fn write_or(
        &self,
        image: &[u8],
        otherwise: impl FnOnce() -> Result<Version, WriteError>,
    ) -> Result<Version, WriteError> {
        // What happens nearly always, in line and nothing else.
        let Some(memory) = self.reach.memory(whole(image.len())) else { return otherwise() };
        let Some(mine) = self.try_lock(&memory) else { return otherwise() };
        let published = self.slots.publish(&memory, image);
        let released = self.unlock(&memory, mine, true);
        match (published, released) {
            (Ok(version), Ok(())) => Ok(Version::new(version)),
            (Err(_), _) => Err(VersionsExhausted {}.into()),
            (_, Err(_)) => Err(LockLost {}.into()),
        }
    }

    /// Gives the lock back, and wakes whoever waits for what was `published`.
    #[inline(always)]
    fn unlock(&self, memory: &Bounded<'_>, mine: u32, published: bool) -> Result<(), Lost> {
        let header = self.attachment.header();
        let kernel = self.attachment.liveness(Deadline::NONE);
        let released = lock::release(memory, header.lock(), mine, &kernel);
        if published {
            // Between the publication and the look at the waiters' flag.
            memory.fence_after_exchange();
            bell::ring(memory, header.bell(), header.wake_always(), &kernel);
        }
        released
    }

    /// Takes a writer slot for this handle: at its first write, so that readers and idle writers need none.
    #[cold]
    fn claim(&self) -> Result<u32, LockError> {
        let _claiming = self.claiming.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = self.mine.load(Ordering::Relaxed);
        if mine != 0 {
            return Ok(mine);
        }
        let slot = self.attachment.claim_writer_slot()?;
        let mine = lock::claim(self.mapping(), self.attachment.header().lock(), slot);
        // Release: the generation is stored before another thread of this handle uses the word. That thread's own exchange
        // then publishes it to other processes.
        self.mine.store(mine, Ordering::Release);
        Ok(mine)
    }

    pub(crate) fn release(self) -> Result<(), ReleaseError> {
        Ok(self.attachment.release()?)
    }
}

#[cold]
#[inline(never)]
fn not_mapped() -> ! {
    unreachable!("a segment that is linked for writing is mapped")
}

/// The writer lock, held. Dropped, it is given back.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    core: &'a Core,
    /// The word of `core`; 0 when the lock has been given back.
    mine: u32,
    recovered: bool,
    guarded: bool,
    published: bool,
}

impl Held<'_> {
    /// Whether the lock was taken over from a dead owner.
    pub(crate) fn recovered(&self) -> bool {
        self.recovered
    }

    /// Publishes an image as the next version.
    #[inline(always)]
    pub(crate) fn publish(&mut self, image: &[u8]) -> Result<Version, WriteError> {
        self.check_usable()?;
        assert!(self.core.slots.have(whole(image.len())), "an image that is larger than its slot");
        match self.core.slots.publish(&self.core.memory(), image) {
            Ok(version) => {
                self.published = true;
                Ok(Version::new(version))
            }
            Err(_) => Err(VersionsExhausted {}.into()),
        }
    }

    /// In the child of a fork it is the parent's lock. Only where code of the program ran can one have been forked.
    #[inline(always)]
    fn check_usable(&self) -> Result<(), LockError> {
        if self.guarded { Ok(self.core.attachment.check_usable()?) } else { Ok(()) }
    }

    /// Wakes whoever waits for what was published, with the lock kept.
    pub(crate) fn ring(&mut self) {
        let core = self.core;
        if std::mem::take(&mut self.published) {
            let header = core.attachment.header();
            // Between the publication and the look at the waiters' bit; no exchange precedes it here.
            let memory = core.memory();
            memory.fence(Ordering::SeqCst);
            bell::ring(&memory, header.bell(), header.wake_always(), &core.attachment.liveness(Deadline::NONE));
        }
    }

    /// Gives the lock back, and wakes whoever waits for what was published.
    #[inline(always)]
    pub(crate) fn unlock(&mut self) -> Result<(), WriteError> {
        let core = self.core;
        self.check_usable()?;
        if self.guarded {
            core.owner_thread.store(0, Ordering::Relaxed);
        }
        let mine = std::mem::take(&mut self.mine);
        core.unlock(&core.memory(), mine, self.published).map_err(|Lost| LockLost {}.into())
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.mine != 0 {
            // Who wants to hear of a lost lock calls `unlock`.
            let _ = self.unlock();
        }
    }
}

/// A number that no other living thread has.
#[inline]
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// How long a read is repeated: some attempts at once, then until the time is over.
struct Patience {
    attempts: u32,
    free: u32,
    timeout: Duration,
    end: Option<Instant>,
}

impl Patience {
    fn new(timeout: Duration, bytes: usize) -> Self {
        // At least one; at most so many as fit.
        let free = u32::try_from(FREE_BYTES / (bytes + ATTEMPT)).unwrap_or(1).max(1);
        Self { attempts: 1, free, timeout, end: None }
    }

    fn again(&mut self) -> bool {
        self.attempts = self.attempts.saturating_add(1);
        if self.attempts <= self.free {
            std::hint::spin_loop();
            return true;
        }
        let now = Instant::now();
        // A time beyond what the clock can say is 100 years.
        let end = *self.end.get_or_insert_with(|| now.checked_add(self.timeout).unwrap_or(now + LONG));
        std::thread::yield_now();
        now < end
    }
}

/// The run of bytes that a whole record of `len` bytes is.
pub(crate) const fn whole(len: usize) -> Run {
    Run { at: 0, len }
}
