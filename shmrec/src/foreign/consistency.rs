//! How readers and writers of a record that another program laid out find out that a copy is whole.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::view::{View, ViewMut};
use super::word::{Word, WordValue};
use crate::Field;
use crate::encoding::Encoding;

/// How a reader knows that what it copied is whole, and what a writer does so that readers know.
///
/// It is what the other program does, not a choice: ask its documentation or its source.
///
/// | | writer | reader |
/// |---|---|---|
/// | [`None`](Self::None) | stores | copies; **may be torn** |
/// | [`Sequence`](Self::Sequence) | count + 1, stores, count + 1 | count, copies, count: the same before and after |
/// | [`Bookends`](Self::Bookends) | last = tick, stores, first = tick | first, copies, last: the same |
/// | [`Own`](Self::Own) | what your [`Protocol`] does | |
#[non_exhaustive]
pub enum Consistency<T> {
    /// Nothing: every scalar field is whole by itself, and two of them may be of two versions. For records of one field, or
    /// that never change, or whose reader can live with it.
    None,
    /// A counter that changes around every write. NTP's shared memory clock is one, in its mode 1.
    Sequence(Sequence<T>),
    /// A tick before and behind the record: gpsd's export is one.
    Bookends(Bookends<T>),
    /// A protocol of the program's own.
    Own(Arc<dyn Protocol>),
}

impl<T> Consistency<T> {
    /// A protocol of the program's own.
    pub fn own(protocol: impl Protocol + 'static) -> Self {
        Self::Own(Arc::new(protocol))
    }

    pub(super) fn into_protocol(self) -> Arc<dyn Protocol> {
        match self {
            Self::None => Arc::new(Nothing),
            Self::Sequence(sequence) => Arc::new(sequence.words),
            Self::Bookends(bookends) => Arc::new(bookends.words),
            Self::Own(protocol) => protocol,
        }
    }
}

impl<T> Clone for Consistency<T> {
    fn clone(&self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Sequence(sequence) => Self::Sequence(sequence.clone()),
            Self::Bookends(bookends) => Self::Bookends(bookends.clone()),
            Self::Own(protocol) => Self::Own(Arc::clone(protocol)),
        }
    }
}

impl<T> fmt::Debug for Consistency<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Sequence(sequence) => f.debug_tuple("Sequence").field(sequence).finish(),
            Self::Bookends(bookends) => f.debug_tuple("Bookends").field(bookends).finish(),
            Self::Own(protocol) => f.debug_tuple("Own").field(protocol).finish(),
        }
    }
}

/// What a record's readers and writers do: implemented for records whose rule is none of [`Consistency`]'s own.
///
/// ```
/// use std::io;
/// use std::sync::atomic::Ordering;
/// use shmrec::SharedRecord;
/// use shmrec::foreign::{Protocol, View, ViewMut, Word};
///
/// /// A lock bit: whoever has set it writes, and readers come back later.
/// #[derive(Debug)]
/// struct Busy(Word);
///
/// impl Protocol for Busy {
///     fn words(&self) -> Vec<Word> {
///         vec![self.0]
///     }
///
///     fn read(&self, record: &View<'_>, image: &mut [u8]) -> io::Result<bool> {
///         let free = record.load(self.0)? == 0;
///         record.fence(Ordering::Acquire);
///         record.copy_out(image)?;
///         record.fence(Ordering::Acquire);
///         Ok(free && record.load(self.0)? == 0)
///     }
///
///     fn write(&self, record: &ViewMut<'_>, image: &[u8]) {
///         record.store(self.0, 1, Ordering::Relaxed);
///         record.fence(Ordering::Release);
///         record.copy_in(image);
///         record.store(self.0, 0, Ordering::Release);
///     }
/// }
/// ```
///
/// (This one misses a writer that comes and goes during one copy: a counter would not.)
pub trait Protocol: fmt::Debug + Send + Sync {
    /// The words that are loaded and stored by themselves: scalar integer fields of the record. [`ViewMut::copy_in`] leaves
    /// them alone.
    fn words(&self) -> Vec<Word>;

    /// Copies the record to `image` once; `false` when it may not be whole, and is to be tried again.
    ///
    /// The bytes come from another process: they may be anything, and so may the words.
    ///
    /// # Errors
    ///
    /// What the view's accesses return.
    fn read(&self, record: &View<'_>, image: &mut [u8]) -> io::Result<bool>;

    /// Stores `image` so that readers find it whole, or find out that it is not. One thread of this handle at a time.
    fn write(&self, record: &ViewMut<'_>, image: &[u8]);
}

/// [`Consistency::None`].
#[derive(Debug)]
struct Nothing;

impl Protocol for Nothing {
    fn words(&self) -> Vec<Word> {
        Vec::new()
    }

    fn read(&self, record: &View<'_>, image: &mut [u8]) -> io::Result<bool> {
        record.copy_out(image)?;
        Ok(true)
    }

    fn write(&self, record: &ViewMut<'_>, image: &[u8]) {
        record.copy_in(image);
    }
}

/// [`Consistency::Sequence`]: which field counts, and what else says that the record is whole.
///
/// Writer: valid = 0; count + 1; the record; count + 1; valid. Reader: count, the record, count; whole if both are the same,
/// even if that was asked for, and the copy says that it is valid.
///
/// A counter alone cannot tell a reader that begins between a writer's two steps and ends before the second: the
/// counter is the same before and after, and the copy torn. So one of [`even`](Self::even) and
/// [`valid_while`](Self::valid_while) is needed wherever the other program gives it.
pub struct Sequence<T> {
    words: SequenceWords,
    record: PhantomData<fn() -> T>,
}

#[derive(Clone, Debug)]
struct SequenceWords {
    count: Word,
    even: bool,
    valid: Option<(Word, u64)>,
}

impl<T> Sequence<T> {
    /// The field that is counted up around every write.
    pub fn new<V: WordValue, E: Encoding<V>>(count: Field<T, V, E>) -> Self {
        Self { words: SequenceWords { count: Word::of(count), even: false, valid: None }, record: PhantomData }
    }

    /// The counter is even whenever the record is whole: it began so, and every writer counts twice.
    #[must_use]
    pub fn even(mut self) -> Self {
        self.words.even = true;
        self
    }

    /// The record is whole only while `field` is `value`: writers make it 0 first, and `value` in the end.
    #[must_use]
    pub fn valid_while<V: WordValue, E: Encoding<V>>(mut self, field: Field<T, V, E>, value: V) -> Self {
        let word = Word::of(field);
        self.words.valid = Some((word, word.truncate(value.to_word())));
        self
    }
}

impl Protocol for SequenceWords {
    fn words(&self) -> Vec<Word> {
        std::iter::once(self.count).chain(self.valid.map(|(word, _)| word)).collect()
    }

    fn read(&self, record: &View<'_>, image: &mut [u8]) -> io::Result<bool> {
        let before = record.load(self.count)?;
        // Pairs with the writer's last release stores: a count from behind a write comes with what was written.
        record.fence(Ordering::Acquire);
        record.copy_out(image)?;
        // Pairs with the writer's release fence behind its first count: a copy that has one word of a write, or of its
        // `valid`, is followed by a count that is not older.
        record.fence(Ordering::Acquire);
        let after = record.load(self.count)?;
        let valid = self.valid.is_none_or(|(word, value)| word.in_image(image) == value);
        Ok(before == after && valid && !(self.even && before % 2 == 1))
    }

    fn write(&self, record: &ViewMut<'_>, image: &[u8]) {
        if let Some((word, _)) = self.valid {
            record.store(word, 0, Ordering::Relaxed);
            // A reader that sees the count below sees that the record is not valid.
            record.fence(Ordering::Release);
        }
        let before = record.load(self.count);
        // Whoever died in the middle of a write left an odd count.
        let begun = if self.even { before | 1 } else { before.wrapping_add(1) };
        record.store(self.count, begun, Ordering::Relaxed);
        // Pairs with the reader's second fence.
        record.fence(Ordering::Release);
        record.copy_in(image);
        // Release: pairs with the reader's first fence.
        record.store(self.count, begun.wrapping_add(1), Ordering::Release);
        if let Some((word, value)) = self.valid {
            record.store(word, value, Ordering::Release);
        }
    }
}

impl<T> Clone for Sequence<T> {
    fn clone(&self) -> Self {
        Self { words: self.words.clone(), record: PhantomData }
    }
}

impl<T> fmt::Debug for Sequence<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.words, f)
    }
}

/// [`Consistency::Bookends`]: a tick in two fields, one on each side of the record.
///
/// Writer: last = tick + 1; the record; first = tick + 1. Reader: first, the record, last; whole if both are the same.
pub struct Bookends<T> {
    words: BookendWords,
    record: PhantomData<fn() -> T>,
}

#[derive(Clone, Debug)]
struct BookendWords {
    first: Word,
    last: Word,
}

impl<T> Bookends<T> {
    /// The field that a reader looks at first and a writer stores last, and the one that a reader looks at last.
    pub fn new<V: WordValue, E: Encoding<V>>(first: Field<T, V, E>, last: Field<T, V, E>) -> Self {
        Self { words: BookendWords { first: Word::of(first), last: Word::of(last) }, record: PhantomData }
    }
}

impl Protocol for BookendWords {
    fn words(&self) -> Vec<Word> {
        vec![self.first, self.last]
    }

    fn read(&self, record: &View<'_>, image: &mut [u8]) -> io::Result<bool> {
        let first = record.load(self.first)?;
        // Pairs with the writer's release store of `first`: all of that version was stored before.
        record.fence(Ordering::Acquire);
        record.copy_out(image)?;
        // Pairs with the writer's release fence behind its store of `last`: a copy that has one word of a later version is
        // followed by its tick.
        record.fence(Ordering::Acquire);
        Ok(record.load(self.last)? == first)
    }

    fn write(&self, record: &ViewMut<'_>, image: &[u8]) {
        let tick = record.load(self.last).wrapping_add(1);
        record.store(self.last, tick, Ordering::Relaxed);
        // Pairs with the reader's second fence.
        record.fence(Ordering::Release);
        record.copy_in(image);
        // Release: pairs with the reader's first fence.
        record.store(self.first, tick, Ordering::Release);
    }
}

impl<T> Clone for Bookends<T> {
    fn clone(&self) -> Self {
        Self { words: self.words.clone(), record: PhantomData }
    }
}

impl<T> fmt::Debug for Bookends<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.words, f)
    }
}
