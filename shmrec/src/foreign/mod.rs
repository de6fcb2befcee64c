//! Records that *other* programs lay out: in System V segments, POSIX shared memory objects, and files that are mapped shared.
//!
//! There is no header of shmrec's: the record's derived layout *is* the memory. Fields stand in declaration order at C's
//! natural alignment, so a struct of the same fields has the layout of the C program's. What shmrec cannot know is how that
//! program keeps its readers from torn records; the caller says so by a [`Consistency`].
//!
//! ```
//! use shmrec::foreign::{Consistency, ForeignOptions, ForeignPlace, Sequence};
//! use shmrec::{Perms, SharedRecord};
//!
//! /// What a C program has as `struct { uint32_t count; int32_t celsius; int64_t when; }`.
//! #[derive(SharedRecord, Clone, Debug, PartialEq)]
//! #[record(size = 16)]
//! struct Weather { count: u32, celsius: i32, when: i64 }
//!
//! # let name = &format!("/weather_{}", std::process::id());
//! let rule = Consistency::Sequence(Sequence::new(Weather::fields().count).even());
//! let options = ForeignOptions::new(ForeignPlace::posix(name)?, rule);
//!
//! // One program, if it is not the C program that does this:
//! let station = options.clone().perms(Perms::RRR).create()?;
//! station.write(&Weather { count: 0, celsius: -3, when: 1_700_000_000 })?;
//!
//! // Any other:
//! let weather = options.reader()?;
//! assert_eq!(weather.read()?.celsius, -3);
//! # options.remove()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What differs from a [`Segment`](crate::Segment): nobody compares schemas; nobody counts users, so the memory stays until it
//! is [removed](ForeignOptions::remove); there is no lock, so two writers must agree between themselves; there are no versions, so
//! there is nothing to wait for but another value. What stays: length and permissions are checked when it is opened, values
//! are validated when they are copied out, and reads are bounded in time. A file's owner can shrink it under those who map it,
//! so files of other users are read through the kernel unless they are [trusted](ForeignOptions::trust_owner).

mod consistency;
mod error;
mod options;
mod units;
mod view;
mod word;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use shmrec_os::Foreign as Opened;
pub use shmrec_os::{ForeignPlace, ForeignStat};

pub use self::consistency::{Bookends, Consistency, Protocol, Sequence};
pub use self::error::{ForeignError, ForeignReadError, ForeignWriteError, NoWord, NotWhole};
pub use self::options::ForeignOptions;
use self::units::Units;
pub use self::view::{View, ViewMut};
pub use self::word::{Word, WordValue};
use crate::encoding::Encoding;
use crate::{Field, SharedRecord, bytes, scratch, values};

/// Attempts before the clock is looked at.
const FREE_ATTEMPTS: u32 = 32;

/// A link to another program's record, for reading: its memory is mapped read-only.
pub struct ForeignReader<T> {
    opened: Opened,
    /// Where the record begins in the memory.
    at: usize,
    protocol: Arc<dyn Protocol>,
    words: Vec<Word>,
    units: Units,
    bulk: Units,
    read_timeout: Duration,
    record: PhantomData<fn() -> T>,
}

impl<T: SharedRecord> ForeignReader<T> {
    /// The record.
    ///
    /// # Errors
    ///
    /// [`ForeignReadError::NotWhole`] when no attempt gave a whole record within the
    /// [`read_timeout`](ForeignOptions::read_timeout): writers are too fast, or one has died in the middle, or none has
    /// written yet. [`ForeignReadError::Invalid`] when the bytes are no value of the record.
    pub fn read(&self) -> Result<T, ForeignReadError> {
        self.with_image(|image| Ok(T::load(image)?))
    }

    /// Replaces `record` by the record, keeping what it has allocated where that serves.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); `record` is then as it was.
    pub fn read_into(&self, record: &mut T) -> Result<(), ForeignReadError> {
        self.with_image(|image| {
            // First all of it, or an error would leave half of the old record.
            T::check(image)?;
            Ok(record.load_into(image)?)
        })
    }

    /// The bytes of the record's image, of which [`SIZE`](crate::SharedField::SIZE) are replaced; padding is left as it is.
    /// They are not validated.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Panics
    ///
    /// When `image` is shorter than the record.
    pub fn read_image(&self, image: &mut [u8]) -> Result<(), ForeignReadError> {
        assert!(image.len() >= T::SIZE, "an image of {} bytes for a record of {}", image.len(), T::SIZE);
        let view = View::new(self.opened.memory(), self.at, &self.units, &self.bulk, &self.words);
        let (mut attempts, mut begun) = (0_u32, None);
        loop {
            if self.protocol.read(&view, image).map_err(|error| self.opened.failed_read(error))? {
                return Ok(());
            }
            attempts = attempts.saturating_add(1);
            if attempts < FREE_ATTEMPTS {
                std::hint::spin_loop();
            } else if begun.get_or_insert_with(Instant::now).elapsed() >= self.read_timeout {
                return Err(NotWhole { attempts, waited: self.read_timeout }.into());
            } else {
                std::thread::yield_now();
            }
        }
    }

    fn with_image<R>(&self, use_it: impl FnOnce(&[u8]) -> Result<R, ForeignReadError>) -> Result<R, ForeignReadError> {
        scratch::with(T::SIZE, |image| {
            let image = bytes::zeroed(image);
            self.read_image(image)?;
            use_it(image)
        })
    }

    /// One integer field as it is now, whatever the protocol says of the rest: a flag, a counter.
    ///
    /// # Errors
    ///
    /// [`ForeignReadError::NoWord`] when the field is an element of an array, which is not loaded in one piece.
    pub fn word<V: WordValue, E: Encoding<V>>(&self, field: Field<T, V, E>) -> Result<V, ForeignReadError> {
        let word = self.unit(field)?;
        let view = View::new(self.opened.memory(), self.at, &self.units, &self.bulk, &self.words);
        let value = view.load_unit(word.offset(), word.width()).map_err(|error| self.opened.failed_read(error))?;
        // Pairs with the release of whoever stored it: what was stored before is read behind this.
        view.fence(Ordering::Acquire);
        Ok(V::of_word(value))
    }

    fn unit<V: WordValue, E: Encoding<V>>(&self, field: Field<T, V, E>) -> Result<Word, NoWord> {
        let (word, path) = (Word::of(field), field.path());
        if self.units.has(word.offset(), word.width()) { Ok(word) } else { Err(NoWord { field: path }) }
    }

    /// What the system said of the memory when it was opened: length, permissions, owner.
    #[must_use]
    pub fn stat(&self) -> ForeignStat {
        self.opened.stat()
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &ForeignPlace {
        self.opened.place()
    }

    /// Whether this link loads from the memory itself. If not, it is a file of an owner who is not trusted, and every access is
    /// a system call.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        matches!(self.opened.memory(), shmrec_os::Memory::Mapped(_))
    }
}

impl<T> fmt::Debug for ForeignReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignReader")
            .field("place", self.opened.place())
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// A link to another program's record, for reading and writing.
pub struct Foreign<T> {
    reader: ForeignReader<T>,
    /// One writer at a time in this program. Between programs the other program's rules decide.
    writing: Mutex<()>,
}

impl<T: SharedRecord> Foreign<T> {
    fn new(reader: ForeignReader<T>) -> Self {
        Self { reader, writing: Mutex::new(()) }
    }

    /// Writes the record as its [`Consistency`] says. The words of that rule (counters, ticks) are the rule's: what `record`
    /// has there is not stored.
    ///
    /// # Errors
    ///
    /// [`ForeignWriteError::Store`] when a value does not fit into its field; nothing is written then.
    pub fn write(&self, record: &T) -> Result<(), ForeignWriteError> {
        values::with_image(record, |image| {
            let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            self.reader.protocol.write(&self.view(), image);
            Ok(())
        })
    }

    /// Stores one integer field, and nothing else, as the protocol were not there: to clear a flag that the other program has
    /// set, for instance.
    ///
    /// # Errors
    ///
    /// [`ForeignWriteError::NoWord`] when the field is an element of an array, which is not stored in one piece.
    pub fn set_word<V: WordValue, E: Encoding<V>>(
        &self,
        field: Field<T, V, E>,
        value: V,
    ) -> Result<(), ForeignWriteError> {
        let word = self.reader.unit(field)?;
        // Release: what this thread has read or written before is not moved behind it.
        self.view().store_unit(word.offset(), word.width(), value.to_word(), Ordering::Release);
        Ok(())
    }

    fn view(&self) -> ViewMut<'_> {
        let reader = &self.reader;
        match ViewMut::new(reader.opened.memory(), reader.at, &reader.units, &reader.bulk, &reader.words) {
            Some(view) => view,
            None => unreachable!("what is linked for writing is mapped"),
        }
    }
}

impl<T> Deref for Foreign<T> {
    type Target = ForeignReader<T>;

    fn deref(&self) -> &ForeignReader<T> {
        &self.reader
    }
}

impl<T> fmt::Debug for Foreign<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign")
            .field("place", self.reader.opened.place())
            .field("protocol", &self.reader.protocol)
            .finish_non_exhaustive()
    }
}
