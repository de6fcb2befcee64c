//! The layout rule: fields in declaration order at C's natural alignment.

use super::message::Message;

/// The largest record in bytes: 1 GiB. A larger one does not compile.
pub const MAX_RECORD_SIZE: usize = 1 << 30;

/// Stands for every size beyond the bound, until the record that has it is refused by the name of the field: a multiple of
/// every alignment, with room for what is put around it.
const TOO_LARGE: usize = 1 << 40;

/// A size that was calculated, or [`TOO_LARGE`].
pub(crate) const fn bounded(size: Option<usize>) -> usize {
    match size {
        Some(size) if size <= MAX_RECORD_SIZE => size,
        _ => TOO_LARGE,
    }
}

/// `offset` rounded up to a multiple of `align`, a power of two.
///
/// # Panics
///
/// When the result does not fit: at compile time in every use of this crate.
#[must_use]
#[track_caller]
pub(crate) const fn round_up(offset: usize, align: usize) -> usize {
    assert!(align.is_power_of_two(), "an alignment must be a power of two");
    match offset.checked_add(align - 1) {
        Some(end) => end & !(align - 1),
        None => panic!("the record does not fit into the address space"),
    }
}

/// Bytes of the length in front of a string or a sequence, and their alignment.
pub(crate) const LEN: usize = 4;

/// Bytes of an option of a value of this size and alignment.
pub(crate) const fn option_size(size: usize, align: usize) -> usize {
    round_up(align + size, align)
}

/// Bytes of a string of at most `capacity` bytes.
pub(crate) const fn string_size(capacity: usize) -> usize {
    round_up(LEN + bounded(Some(capacity)), LEN)
}

/// Bytes of a sequence whose elements have `size` bytes together and this alignment.
pub(crate) const fn vec_size(size: usize, align: usize) -> usize {
    round_up(round_up(LEN, align) + size, vec_align(align))
}

/// Alignment of a sequence of elements of this alignment.
pub(crate) const fn vec_align(align: usize) -> usize {
    if align > LEN { align } else { LEN }
}

/// A record's layout from the size and alignment of each of its `N` fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout<const N: usize> {
    /// Where each field begins, in bytes.
    pub(crate) offsets: [usize; N],
    /// The size of the whole, a multiple of `align`.
    pub(crate) size: usize,
    /// The largest alignment of any field, at least 1.
    pub(crate) align: usize,
}

/// The largest alignment in bytes, that of a payload in a segment.
pub(crate) const MAX_ALIGN: usize = 64;

/// Lays out fields given as (size, alignment) in declaration order.
///
/// # Panics
///
/// At compile time, when a hand-written field breaks the rules of [`SharedField`](crate::SharedField).
#[must_use]
#[track_caller]
pub(crate) const fn layout<const N: usize>(fields: [(usize, usize); N]) -> Layout<N> {
    let mut offsets = [0; N];
    let mut end = 0usize;
    let mut align = 1;
    let mut i = 0;
    while i < N {
        let (size, field_align) = fields[i];
        assert!(
            field_align.is_power_of_two() && field_align <= MAX_ALIGN,
            "the ALIGN of a SharedField must be a power of two of at most 64"
        );
        assert!(size % field_align == 0, "the SIZE of a SharedField must be a multiple of its ALIGN");
        offsets[i] = round_up(end, field_align);
        end = bounded(offsets[i].checked_add(size));
        if field_align > align {
            align = field_align;
        }
        i += 1;
    }
    Layout { offsets, size: round_up(end, align), align }
}

/// Size and alignment of an enum with a tag of so many bytes, and variants that, each laid out behind the tag, have these.
#[must_use]
pub const fn overlaid(tag: usize, variants: &[(usize, usize)]) -> (usize, usize) {
    let (mut size, mut align, mut i) = (tag, tag, 0);
    while i < variants.len() {
        if variants[i].0 > size {
            size = variants[i].0;
        }
        if variants[i].1 > align {
            align = variants[i].1;
        }
        i += 1;
    }
    (round_up(size, align), align)
}

/// Complains of a capacity that no sequence can have.
///
/// # Panics
///
/// At compile time, when it is 0 or more than [`MAX_RECORD_SIZE`].
#[track_caller]
pub const fn check_capacity<const N: usize>() {
    assert!(N > 0, "a capacity must be at least 1");
    assert!(N <= MAX_RECORD_SIZE, "a capacity must not exceed shmrec::MAX_RECORD_SIZE (1 GiB)");
}

/// Complains when a field does not stand where the user says.
///
/// # Panics
///
/// At compile time, when the two numbers differ.
#[track_caller]
pub(crate) const fn check_offset(field: &str, stated: usize, actual: usize) {
    if stated != actual {
        Message::new()
            .text("the offset of field `")
            .name(field)
            .text("` is stated as ")
            .number(stated)
            .text(", but the fields before it end so that it stands at ")
            .number(actual)
            .panic();
    }
}

/// Complains when a record has another size than the user says.
///
/// # Panics
///
/// At compile time, when the two numbers differ.
#[track_caller]
pub const fn check_size(name: &str, stated: usize, actual: usize) {
    if stated != actual {
        Message::new()
            .text("the size of `")
            .name(name)
            .text("` is stated as ")
            .number(stated)
            .text(" bytes, but its image has ")
            .number(actual)
            .panic();
    }
}

/// Complains when a record has another alignment than the user says.
///
/// # Panics
///
/// At compile time, when the two numbers differ.
#[track_caller]
pub const fn check_align(name: &str, stated: usize, actual: usize) {
    if stated != actual {
        Message::new()
            .text("the alignment of `")
            .name(name)
            .text("` is stated as ")
            .number(stated)
            .text(", but its image is aligned to ")
            .number(actual)
            .panic();
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_RECORD_SIZE, bounded, check_offset, layout, option_size, round_up, string_size};

    #[test]
    fn fields_stand_at_their_natural_alignment_and_the_end_is_padded() {
        let l = layout([(1, 1), (4, 4), (2, 2), (16, 16), (1, 1)]);
        assert_eq!(l.offsets, [0, 4, 8, 16, 32]);
        assert_eq!((l.size, l.align), (48, 16));
    }

    #[test]
    fn a_record_without_fields_has_no_size() {
        let l = layout([]);
        assert_eq!((l.size, l.align), (0, 1));
    }

    #[test]
    fn a_size_over_the_bound_stays_over_it_and_never_wraps() {
        let mut size = layout([(1 << 30, 1), (1, 1)]).size;
        for _ in 0..100 {
            assert!(size > MAX_RECORD_SIZE);
            size = layout([(size, 64), (option_size(size, 64), 64), (bounded(size.checked_mul(1 << 30)), 64)]).size;
        }
        assert!(string_size(usize::MAX) > MAX_RECORD_SIZE);
    }

    #[test]
    #[should_panic(expected = "address space")]
    fn rounding_up_does_not_wrap() {
        let _ = round_up(usize::MAX, 8);
    }

    #[test]
    #[should_panic(expected = "power of two of at most 64")]
    fn an_alignment_beyond_the_payload_s_is_refused() {
        let _ = layout([(128, 128)]);
    }

    #[test]
    #[should_panic(expected = "multiple of its ALIGN")]
    fn a_size_that_is_no_multiple_of_the_alignment_is_refused() {
        let _ = layout([(6, 4)]);
    }

    #[test]
    #[should_panic(
        expected = "the offset of field `x` is stated as 0, but the fields before it end so that it stands \
                               at 1234567890"
    )]
    fn a_wrong_statement_is_answered_with_both_numbers() {
        check_offset("x", 0, 1_234_567_890);
    }

    #[test]
    #[should_panic(expected = "the offset of field `…` is stated as 18446744073709551615, but")]
    fn a_long_name_does_not_push_the_numbers_out() {
        check_offset(&"n".repeat(101), usize::MAX, usize::MAX - 1);
    }
}
