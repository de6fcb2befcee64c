//! The writer lock in the program's hands.

use std::fmt;
use std::marker::PhantomData;

use crate::core::Held;
use crate::error::{ReadError, WriteError};
use crate::reader::in_range;
use crate::{FieldSet, Segment, SharedRecord, Version, bytes, values};

/// The writer lock of a segment, held. Reads and edits a private copy of the record, and publishes it once: when it is
/// unlocked or dropped. [`discard`](Self::discard) publishes nothing, and neither does a drop in a panic; a function that
/// returns early with `?` drops its guard like any other.
///
/// It stays on its thread.
#[must_use = "the lock is given back at once when the guard is not kept"]
pub struct Guard<'a, T: SharedRecord> {
    segment: &'a Segment<T>,
    // `None` once it is given back.
    held: Option<Held<'a>>,
    /// One record's image, or empty.
    image: Vec<u8>,
    state: State,
    // A guard that is made and dropped while another panic unwinds has none of its own.
    panicking_before: bool,
    // A lock is its thread's: `Segment::lock` finds out that a thread would wait for itself.
    thread: PhantomData<*const ()>,
}

/// What stands in the guard's image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing yet.
    Empty,
    /// The last version.
    Loaded,
    /// What is to be published.
    Edited,
}

impl<'a, T: SharedRecord> Guard<'a, T> {
    pub(crate) fn new(segment: &'a Segment<T>, held: Held<'a>) -> Self {
        Self {
            segment,
            held: Some(held),
            image: Vec::new(),
            state: State::Empty,
            panicking_before: std::thread::panicking(),
            thread: PhantomData,
        }
    }

    /// The record as it will be published: the last version, with what this guard has edited.
    ///
    /// # Errors
    ///
    /// As [`Reader::read`](crate::Reader::read).
    pub fn read(&mut self) -> Result<T, ReadError> {
        self.load()?;
        Ok(T::load(&self.image)?)
    }

    /// One field or several of the record as it will be published.
    ///
    /// # Errors
    ///
    /// As [`Reader::get`](crate::Reader::get).
    pub fn get<F: FieldSet<T>>(&mut self, fields: F) -> Result<F::Values, ReadError> {
        self.load()?;
        fields.read(|runs, to| {
            for run in runs {
                in_range(run.at, run.len, T::SIZE)?;
            }
            let parts = runs.iter().map(|run| &self.image[run.at..run.at + run.len]);
            Ok::<_, ReadError>(bytes::gather(to, parts))
        })
    }

    /// Replaces the record that will be published.
    ///
    /// # Errors
    ///
    /// [`WriteError::Store`] when a value does not fit into its field; what was to be published stays as it was.
    pub fn write(&mut self, record: &T) -> Result<(), WriteError> {
        values::with_image(record, |image| {
            self.image.clear();
            self.image.extend_from_slice(image);
            Ok::<_, WriteError>(())
        })?;
        self.state = State::Edited;
        Ok(())
    }

    /// Sets one field or several of the record that will be published.
    ///
    /// # Errors
    ///
    /// [`WriteError::Store`] when a value does not fit into its field, [`WriteError::Read`] when the last version cannot
    /// be read; what was to be published stays as it was.
    pub fn set<F: FieldSet<T>>(&mut self, fields: F, values: &F::Values) -> Result<(), WriteError> {
        self.load()?;
        for run in fields.runs().as_ref() {
            in_range(run.at, run.len, T::SIZE)?;
            self.segment.has(run.at, run.len)?;
        }
        let mut image = self.image.clone();
        fields.store(values, &mut image)?;
        self.image = image;
        self.state = State::Edited;
        Ok(())
    }

    /// Whether the lock was taken over from a program that died with it.
    #[must_use]
    pub fn recovered(&self) -> bool {
        self.held.as_ref().is_some_and(Held::recovered)
    }

    /// Publishes what was edited, if anything was, and keeps the lock. Gives the version that was published.
    ///
    /// # Errors
    ///
    /// [`WriteError::VersionsExhausted`].
    pub fn publish(&mut self) -> Result<Option<Version>, WriteError> {
        match (self.state, &mut self.held) {
            (State::Edited, Some(held)) => {
                let version = self.segment.publish(held, &self.image)?;
                held.ring();
                // What is published is the last version now.
                self.state = State::Loaded;
                Ok(Some(version))
            }
            _ => Ok(None),
        }
    }

    /// Publishes what was edited, if anything was, and gives the lock back. Gives the version that was published.
    ///
    /// # Errors
    ///
    /// [`WriteError::LockLost`] when another program has broken the lock meanwhile.
    pub fn unlock(mut self) -> Result<Option<Version>, WriteError> {
        self.finish()
    }

    /// Forgets what was edited and gives the lock back.
    ///
    /// # Errors
    ///
    /// As [`unlock`](Self::unlock).
    pub fn discard(mut self) -> Result<(), WriteError> {
        self.state = State::Empty;
        self.finish().map(drop)
    }

    fn finish(&mut self) -> Result<Option<Version>, WriteError> {
        let version = self.publish();
        let unlocked = self.held.take().map_or(Ok(()), |mut held| held.unlock());
        let version = version?;
        unlocked?;
        Ok(version)
    }

    fn load(&mut self) -> Result<(), ReadError> {
        if self.state == State::Empty {
            let mut image = vec![0; T::SIZE];
            self.segment.read_bytes(0, &mut image)?;
            self.image = image;
            self.state = State::Loaded;
        }
        Ok(())
    }
}

impl<T: SharedRecord> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.panicking_before {
            self.state = State::Empty;
        }
        // Who wants to hear of a lost lock calls `unlock`.
        let _ = self.finish();
    }
}

impl<T: SharedRecord> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("recovered", &self.recovered())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
