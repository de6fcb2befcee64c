//! The layout rule: fields in declaration order at C's natural alignment.

/// The largest record in bytes: 1 GiB. A larger one does not compile.
pub const MAX_RECORD_SIZE: usize = 1 << 30;

/// `offset` rounded up to a multiple of `align`, a power of two.
///
/// # Panics
///
/// When the result does not fit: at compile time in every use of this crate.
#[must_use]
pub const fn round_up(offset: usize, align: usize) -> usize {
    assert!(align.is_power_of_two(), "an alignment must be a power of two");
    match offset.checked_add(align - 1) {
        Some(end) => end & !(align - 1),
        None => panic!("the record does not fit into the address space"),
    }
}

/// A record's layout from the size and alignment of each of its `N` fields.
#[derive(Clone, Copy, Debug)]
pub struct Layout<const N: usize> {
    /// Where each field begins, in bytes.
    pub offsets: [usize; N],
    /// The size of the whole, a multiple of `align`.
    pub size: usize,
    /// The largest alignment of any field, at least 1.
    pub align: usize,
}

/// Lays out fields given as (size, alignment) in declaration order.
///
/// # Panics
///
/// At compile time, when the record is larger than [`MAX_RECORD_SIZE`].
#[must_use]
pub const fn layout<const N: usize>(fields: [(usize, usize); N]) -> Layout<N> {
    let mut offsets = [0; N];
    let mut end = 0usize;
    let mut align = 1;
    let mut i = 0;
    while i < N {
        let (size, field_align) = fields[i];
        offsets[i] = round_up(end, field_align);
        end = match offsets[i].checked_add(size) {
            Some(end) if end <= MAX_RECORD_SIZE => end,
            _ => panic!("a record must not be larger than shmrec::MAX_RECORD_SIZE (1 GiB)"),
        };
        if field_align > align {
            align = field_align;
        }
        i += 1;
    }
    Layout { offsets, size: round_up(end, align), align }
}

#[cfg(test)]
mod tests {
    use super::{layout, round_up};

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
    #[should_panic(expected = "1 GiB")]
    fn a_record_over_the_bound_is_refused() {
        let _ = layout([(1 << 30, 1), (1, 1)]);
    }

    #[test]
    #[should_panic(expected = "address space")]
    fn rounding_up_does_not_wrap() {
        let _ = round_up(usize::MAX, 8);
    }
}
