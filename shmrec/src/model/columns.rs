//! The fields of a record, one after the other: their layout, and what is done with each of them in turn.
//!
//! This is what derived code calls. It names each field once for every purpose, and what is done with it is written here.
//!
//! # Safety
//!
//! [`Visitable::visit`] leads from a pointer to a record to pointers to its fields, and its implementations are derived.
//! What it is given is a whole value (to be stored, replaced or dropped) or the place of one (to be made); the functions
//! below give it no other. On its way to the operation a field passes through [`Encoding::visit`], which anybody may have
//! written: that the operation was done is believed of nobody who cannot show a [`Done`].
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::fmt;
use std::mem::MaybeUninit;

use crate::bytes;

use super::containers::{TUPLE, load_behind};
use super::direct;
use super::layout::{MAX_ALIGN, round_up};
use super::message::Message;
use super::{
    Encoding, FieldDesc, LoadError, MAX_RECORD_SIZE, RecordDesc, SharedRecord, StoreDefault, StoreError, TypeDesc,
};

/// What the type and the encoding of a field say of it, wherever it stands.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    size: usize,
    align: usize,
    ty: TypeDesc,
}

impl Column {
    pub(super) const fn of<V, E: Encoding<V>>() -> Self {
        Self { size: E::SIZE, align: E::ALIGN, ty: E::TYPE }
    }
}

/// The layout of a record, or of an enum's variant behind the tag: fields in declaration order at C's natural alignment.
#[derive(Clone, Copy, Debug)]
pub struct Columns<const N: usize> {
    /// The fields.
    pub fields: [FieldDesc; N],
    /// The size of the whole, a multiple of `align`.
    pub size: usize,
    /// The largest alignment of any field, at least 1.
    pub align: usize,
    name: &'static str,
    count: usize,
}

impl<const N: usize> Columns<N> {
    /// The layout of the record or enum `name`, before its first field; the tag, if any, has these bytes.
    #[must_use]
    pub const fn behind(tag: usize, name: &'static str) -> Self {
        let field = FieldDesc { name: "", docs: "", offset: 0, ty: TypeDesc::U8, default: None };
        Self { fields: [field; N], size: tag, align: if tag > 1 { tag } else { 1 }, name, count: 0 }
    }

    /// Lays out the next field.
    ///
    /// # Panics
    ///
    /// At compile time, when the record becomes larger than [`MAX_RECORD_SIZE`], or when a hand-written field breaks the
    /// rules of [`SharedField`](crate::SharedField).
    #[track_caller]
    pub const fn add(&mut self, name: &'static str, docs: &'static str, default: Option<StoreDefault>, column: Column) {
        let Column { size, align, ty } = column;
        if !align.is_power_of_two() || align > MAX_ALIGN {
            Message::new()
                .text("the type of field `")
                .name(name)
                .text("` says that its ALIGN is ")
                .number(align)
                .text(": a power of two of at most 64 is needed")
                .panic();
        }
        if size % align != 0 {
            Message::new()
                .text("the type of field `")
                .name(name)
                .text("` says that its SIZE is ")
                .number(size)
                .text(": a multiple of its ALIGN, ")
                .number(align)
                .text(", is needed")
                .panic();
        }
        if never_holds_anything(&ty) {
            Message::new()
                .text("the type of field `")
                .name(name)
                .text("` has a capacity of 0: a capacity must be at least 1")
                .panic();
        }
        let offset = round_up(self.size, align);
        self.size = match offset.checked_add(size) {
            Some(end) if end <= MAX_RECORD_SIZE => end,
            _ => Message::new()
                .text("`")
                .name(self.name)
                .text("` with its field `")
                .name(name)
                .text(
                    "` is larger than shmrec::MAX_RECORD_SIZE (1 GiB): lower a `capacity` or the length of an array, or \
                     give a part of the record a segment of its own",
                )
                .panic(),
        };
        if ty.size() != size || ty.align() != align {
            Message::new()
                .text("the type of field `")
                .name(name)
                .text("` has images of ")
                .number(size)
                .text(" bytes aligned to ")
                .number(align)
                .text(", but its TYPE describes ")
                .number(ty.size())
                .text(" bytes aligned to ")
                .number(ty.align())
                .panic();
        }
        if align > self.align {
            self.align = align;
        }
        self.fields[self.count] = FieldDesc { name, docs, offset, ty, default };
        self.count += 1;
    }

    /// Complains when the last field does not stand where the user says.
    ///
    /// # Panics
    ///
    /// At compile time, when the two numbers differ.
    #[track_caller]
    pub const fn check_offset(&self, stated: usize) {
        let last = &self.fields[self.count - 1];
        super::layout::check_offset(last.name, stated, last.offset);
    }

    /// The layout with the padding at its end.
    #[must_use]
    #[track_caller]
    pub const fn end(mut self) -> Self {
        assert!(self.count == N, "all fields of a record are laid out");
        self.size = round_up(self.size, self.align);
        self
    }

    /// As [`end`](Self::end), for a record.
    ///
    /// # Panics
    ///
    /// At compile time, when it has no bytes.
    #[must_use]
    #[track_caller]
    pub const fn end_of_record(self) -> Self {
        if self.size == 0 {
            Message::new()
                .text("the record `")
                .name(self.name)
                .text("` has no bytes, so that there is nothing to transfer: give it a field that has some")
                .panic();
        }
        self.end()
    }
}

/// Whether a string or a sequence in a field's type has no room at all. Records and enums have looked at their own fields.
const fn never_holds_anything(ty: &TypeDesc) -> bool {
    match ty {
        TypeDesc::String { capacity } => *capacity == 0,
        TypeDesc::Vec { element, capacity } => *capacity == 0 || never_holds_anything(element),
        TypeDesc::Array { element, .. } | TypeDesc::Option { element } => never_holds_anything(element),
        TypeDesc::Record { record } if record.name.len() == TUPLE.len() => {
            let mut i = 0;
            while i < record.fields.len() {
                if never_holds_anything(&record.fields[i].ty) {
                    return true;
                }
                i += 1;
            }
            false
        }
        _ => false,
    }
}

/// A record whose fields can be visited.
///
/// # Safety
///
/// `visit` hands every field of `Self` to the operation, at its place behind `at`, with its encoding and its description,
/// once: first those of `RECORD`, in that order, by [`Encoding::visit`], then the skipped ones; it ends with the first
/// error.
pub unsafe trait Visitable: SharedRecord {
    /// Does `op` to each field of the record at `at`.
    ///
    /// # Errors
    ///
    /// The first that the operation gives.
    ///
    /// # Safety
    ///
    /// `at` is aligned, inside one allocation that holds a `Self`, and what stands there is what `op` needs.
    unsafe fn visit<O: Visit>(at: *const Self, op: &mut O) -> Result<(), O::Error>;
}

/// The proof that an operation was done to a field: only operations make it.
#[derive(Debug)]
pub struct Done(());

/// What is done with each field of a record in turn.
pub trait Visit {
    /// What can go wrong.
    type Error;

    /// Comes before the first field. Looks at the image's length once, so that no field needs to.
    fn begin(&mut self, record: &'static RecordDesc);

    /// A field with a place in the image.
    ///
    /// # Errors
    ///
    /// The operation's.
    ///
    /// # Safety
    ///
    /// `at` is aligned, inside one allocation that holds a `V`, and what stands there is what the operation needs.
    unsafe fn field<V, E: Encoding<V>>(&mut self, at: *const V, field: &'static FieldDesc)
    -> Result<Done, Self::Error>;

    /// A field without one, and what a value made afresh has there.
    ///
    /// # Safety
    ///
    /// As [`field`](Self::field).
    unsafe fn skipped<V>(&mut self, at: *const V, value: impl FnOnce() -> V);
}

/// Makes sure that an image has the record's length.
///
/// # Panics
///
/// When it has not.
#[inline(always)]
pub fn check_length(image: &[u8], record: &RecordDesc) {
    expect_length(image.len(), record);
}

#[inline(always)]
fn expect_length(len: usize, record: &RecordDesc) {
    if len != record.size {
        another_length(record.name);
    }
}

#[cold]
#[inline(never)]
fn another_length(name: &str) -> ! {
    panic!("the image of `{name}` has another length than `{name}::SIZE`");
}

/// Stores a value that is whole.
struct Store<'i> {
    image: &'i mut [u8],
}

impl Visit for Store<'_> {
    type Error = StoreError;

    #[inline(always)]
    fn begin(&mut self, record: &'static RecordDesc) {
        check_length(self.image, record);
    }

    #[inline(always)]
    unsafe fn field<V, E: Encoding<V>>(&mut self, at: *const V, field: &'static FieldDesc) -> Result<Done, StoreError> {
        // SAFETY: the record that the field belongs to is borrowed by `store`, as long as this operation.
        let value = unsafe { &*at };
        E::store_field(value, self.image, field, "")?;
        Ok(Done(()))
    }

    #[inline(always)]
    unsafe fn skipped<V>(&mut self, _: *const V, _: impl FnOnce() -> V) {}
}

/// Stores a value that is whole in memory where nothing stands yet.
struct StoreIn<'p> {
    place: &'p mut [MaybeUninit<u8>],
    /// So many bytes from the first on have been written.
    filled: usize,
}

impl StoreIn<'_> {
    /// Writes zeros up to there.
    #[inline(always)]
    fn fill_up_to(&mut self, end: usize) {
        bytes::zeroed(&mut self.place[self.filled..end]);
        self.filled = end;
    }
}

impl Visit for StoreIn<'_> {
    type Error = StoreError;

    #[inline(always)]
    fn begin(&mut self, record: &'static RecordDesc) {
        expect_length(self.place.len(), record);
    }

    #[inline(always)]
    unsafe fn field<V, E: Encoding<V>>(&mut self, at: *const V, field: &'static FieldDesc) -> Result<Done, StoreError> {
        // SAFETY: the record that the field belongs to is borrowed by `store_in`, as long as this operation.
        let value = unsafe { &*at };
        self.fill_up_to(field.offset);
        let part = &mut self.place[field.offset..field.offset + E::SIZE];
        if let Some(image) = direct::image::<V, E>(value) {
            bytes::fill(part, image);
        } else {
            E::store(value, bytes::zeroed(part)).map_err(|e| e.in_field(field.name))?;
        }
        self.filled += E::SIZE;
        Ok(Done(()))
    }

    #[inline(always)]
    unsafe fn skipped<V>(&mut self, _: *const V, _: impl FnOnce() -> V) {}
}

/// Replaces a value that is whole.
struct Replace<'i> {
    image: &'i [u8],
}

impl Visit for Replace<'_> {
    type Error = LoadError;

    #[inline(always)]
    fn begin(&mut self, record: &'static RecordDesc) {
        check_length(self.image, record);
    }

    #[inline(always)]
    unsafe fn field<V, E: Encoding<V>>(&mut self, at: *const V, field: &'static FieldDesc) -> Result<Done, LoadError> {
        // SAFETY: the record that the field belongs to is borrowed mutably by `load_into`, as long as this operation, and
        // each field is visited once.
        let value = unsafe { &mut *at.cast_mut() };
        E::load_into(value, &self.image[field.offset..field.offset + E::SIZE]).map_err(|e| e.in_field(field.name))?;
        Ok(Done(()))
    }

    #[inline(always)]
    unsafe fn skipped<V>(&mut self, _: *const V, _: impl FnOnce() -> V) {}
}

/// Makes a value where there is none.
struct Make<'i> {
    image: &'i [u8],
    made: usize,
}

impl Visit for Make<'_> {
    type Error = LoadError;

    #[inline(always)]
    fn begin(&mut self, record: &'static RecordDesc) {
        check_length(self.image, record);
    }

    #[inline(always)]
    unsafe fn field<V, E: Encoding<V>>(&mut self, at: *const V, field: &'static FieldDesc) -> Result<Done, LoadError> {
        let image = &self.image[field.offset..field.offset + E::SIZE];
        // SAFETY: the place of the record is borrowed mutably by `load_at`, as long as this operation, and each field is
        // visited once.
        unsafe { load_behind::<V, E>(image, at.cast_mut()) }.map_err(|e| e.in_field(field.name))?;
        self.made += 1;
        Ok(Done(()))
    }

    #[inline(always)]
    unsafe fn skipped<V>(&mut self, at: *const V, value: impl FnOnce() -> V) {
        // SAFETY: as above; writing does not drop what the place held.
        unsafe { at.cast_mut().write(value()) };
    }
}

/// Drops the first fields of a value that was not finished.
struct Discard {
    made: usize,
}

impl Visit for Discard {
    type Error = Infallible;

    fn begin(&mut self, _: &'static RecordDesc) {}

    unsafe fn field<V, E: Encoding<V>>(&mut self, at: *const V, _: &'static FieldDesc) -> Result<Done, Infallible> {
        if self.made > 0 {
            self.made -= 1;
            // SAFETY: so many fields have been made, in this order, and nobody else drops them.
            unsafe { at.cast_mut().drop_in_place() };
        }
        Ok(Done(()))
    }

    // They are made last, and do not fail.
    unsafe fn skipped<V>(&mut self, _: *const V, _: impl FnOnce() -> V) {}
}

/// [`SharedField::store`](crate::SharedField::store) of a derived record.
///
/// # Errors
///
/// Those of its fields.
#[inline]
pub fn store<T: Visitable>(value: &T, image: &mut [u8]) -> Result<(), StoreError> {
    // SAFETY: a reference is aligned and leads to a whole value, which is only read.
    unsafe { T::visit(value, &mut Store { image }) }
}

/// [`SharedField::store_in`](crate::SharedField::store_in) of a derived record.
///
/// # Errors
///
/// Those of its fields.
#[inline]
pub fn store_in<'p, T: Visitable>(value: &T, place: &'p mut [MaybeUninit<u8>]) -> Result<&'p mut [u8], StoreError> {
    let mut op = StoreIn { place: &mut *place, filled: 0 };
    // SAFETY: a reference is aligned and leads to a whole value, which is only read.
    unsafe { T::visit(value, &mut op) }?;
    let len = op.place.len();
    op.fill_up_to(len);
    // SAFETY: `filled` grows over bytes alone that have just been written, by zeros or by a field, whatever fields the operation
    // was handed in which order: a field that begins before it is a panic. It has come to the end.
    Ok(unsafe { bytes::assume_init(place) })
}

/// [`SharedField::load_into`](crate::SharedField::load_into) of a derived record.
///
/// # Errors
///
/// Those of its fields.
#[inline]
pub fn load_into<T: Visitable>(value: &mut T, image: &[u8]) -> Result<(), LoadError> {
    // SAFETY: an exclusive reference is aligned and leads to a whole value, which may be written.
    unsafe { T::visit(std::ptr::from_mut(value), &mut Replace { image }) }
}

/// [`SharedField::load_at`](crate::SharedField::load_at) of a derived record.
///
/// # Errors
///
/// Those of its fields.
#[inline]
pub fn load_at<'p, T: Visitable>(image: &[u8], place: &'p mut MaybeUninit<T>) -> Result<&'p mut T, LoadError> {
    let at = place.as_mut_ptr();
    let mut make = Make { image, made: 0 };
    // SAFETY: the place is aligned, as large as a `T`, and borrowed exclusively; it may be written.
    if let Err(error) = unsafe { T::visit(at, &mut make) } {
        // SAFETY: `Make` counts the fields that it has made, and nobody will use them.
        unsafe { discard(at, make.made) };
        return Err(error);
    }
    // SAFETY: `visit` has made all fields.
    Ok(unsafe { place.assume_init_mut() })
}

/// [`SharedField::load`](crate::SharedField::load) of a derived record.
///
/// # Errors
///
/// Those of its fields.
#[inline]
pub fn load<T: Visitable>(image: &[u8]) -> Result<T, LoadError> {
    super::make(|place| load_at(image, place))
}

/// Drops the first `made` fields.
///
/// # Safety
///
/// They have been made behind `at`, and are not used again.
#[cold]
unsafe fn discard<T: Visitable>(at: *mut T, made: usize) {
    if std::mem::needs_drop::<T>() {
        // SAFETY: `at` is the place of a `T`, in which so many fields are made.
        let Ok(()) = unsafe { T::visit(at, &mut Discard { made }) };
    }
}

/// A type with a value that stands in for a field's.
#[diagnostic::on_unimplemented(
    message = "the field's value by default is that of `{Self}`, which has none",
    label = "`Default` is not implemented for this type",
    note = "give the value in the attribute, as `#[record(skip, default = 0)]` or `#[record(default = 0)]`, or implement `Default`"
)]
pub trait ByDefault {
    /// The value.
    fn by_default() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> ByDefault for T {
    #[inline]
    fn by_default() -> Self {
        T::default()
    }
}

/// `Debug` of the handles of a record's fields.
///
/// # Errors
///
/// The formatter's.
pub fn debug_handles(f: &mut fmt::Formatter<'_>, name: &str, fields: &[FieldDesc]) -> fmt::Result {
    let mut debug = f.debug_struct(name);
    for field in fields {
        debug.field(field.name, &super::Field::<(), ()>::of(field));
    }
    debug.finish()
}

#[cfg(test)]
mod tests {
    use super::{Column, Columns};
    use crate::model::desc::kept;
    use crate::model::{FieldDesc, RecordDesc, TypeDesc};

    /// A column whose type describes that; sizes are multiples of alignments, or a lie.
    fn column(size: usize, align: usize) -> Column {
        let fields = kept([FieldDesc { name: "f", docs: "", offset: 0, ty: TypeDesc::U8, default: None }]);
        let record = kept(RecordDesc { name: "F", docs: "", size, align, fields });
        Column { size, align, ty: TypeDesc::Record { record } }
    }

    fn laid_out<const N: usize>(tag: usize, fields: [(usize, usize); N]) -> ([usize; N], usize, usize) {
        let mut columns = Columns::<N>::behind(tag, "R");
        for (size, align) in fields {
            columns.add("f", "", None, column(size, align));
        }
        let columns = columns.end();
        (columns.fields.map(|field| field.offset), columns.size, columns.align)
    }

    #[test]
    fn fields_stand_at_their_natural_alignment_and_the_end_is_padded() {
        assert_eq!(laid_out(0, [(1, 1), (4, 4), (2, 2), (16, 16), (1, 1)]), ([0, 4, 8, 16, 32], 48, 16));
        assert_eq!(laid_out(2, [(1, 1), (4, 4)]), ([2, 4], 8, 4));
        assert_eq!(laid_out(8, [(1, 1)]), ([8], 16, 8));
    }

    #[test]
    #[should_panic(expected = "`R` with its field `f` is larger than shmrec::MAX_RECORD_SIZE (1 GiB)")]
    fn a_record_over_the_bound_is_refused() {
        laid_out(0, [(1 << 30, 1), (1, 1)]);
    }

    #[test]
    #[should_panic(expected = "`f` says that its ALIGN is 128: a power of two of at most 64 is needed")]
    fn an_alignment_beyond_the_payload_s_is_refused() {
        laid_out(0, [(128, 128)]);
    }

    #[test]
    #[should_panic(expected = "`f` says that its SIZE is 6: a multiple of its ALIGN, 4, is needed")]
    fn a_size_that_is_no_multiple_of_the_alignment_is_refused() {
        laid_out(0, [(6, 4)]);
    }

    #[test]
    #[should_panic(expected = "`f` has images of 8 bytes aligned to 4, but its TYPE describes 1 bytes aligned to 1")]
    fn a_type_that_describes_other_images_is_refused() {
        let mut columns = Columns::<1>::behind(0, "R");
        columns.add("f", "", None, Column { size: 8, align: 4, ty: TypeDesc::U8 });
    }

    #[test]
    #[should_panic(expected = "the record `R` has no bytes")]
    fn a_record_without_bytes_is_refused() {
        let mut columns = Columns::<1>::behind(0, "R");
        columns.add("f", "", None, column(0, 8));
        let _ = columns.end_of_record();
    }
}
