//! The units of a record in memory that other programs write: which numbers are loaded and stored in one piece.
//!
//! A scalar field is one unit of its own width, as it is in C, so that it never tears and can be watched by itself. Whatever
//! else (arrays, strings, enums) is cut into units of up to 8 bytes that cross no field's end. Padding belongs to no unit.
//! The units depend on nothing but the record: all accesses of a program to one place have one width.

use shmrec_os::Width;

use crate::SharedRecord;
use crate::schema::{Schema, Type};

/// Units of one width, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where the first begins, in bytes from the record's start.
    pub(super) at: usize,
    pub(super) width: Width,
    pub(super) count: usize,
}

impl Run {
    pub(super) fn end(self) -> usize {
        self.at + self.count * self.width.bytes()
    }
}

/// All units of a record, in order.
#[derive(Clone, Debug)]
pub(super) struct Units(Vec<Run>);

impl Units {
    pub(super) fn of<T: SharedRecord>() -> Self {
        let mut units = Self(Vec::new());
        units.add_fields(0, Schema::of::<T>().record());
        units
    }

    pub(super) fn runs(&self) -> &[Run] {
        &self.0
    }

    /// The units but for these words, which become runs of their own to be left out.
    pub(super) fn without(&self, words: &[(usize, Width)]) -> Self {
        let mut runs = Vec::new();
        for run in &self.0 {
            let mut rest = *run;
            let mut cuts: Vec<usize> =
                words.iter().map(|(at, _)| *at).filter(|at| (run.at..run.end()).contains(at)).collect();
            cuts.sort_unstable();
            for at in cuts {
                let before = (at - rest.at) / rest.width.bytes();
                runs.push(Run { count: before, ..rest });
                rest = Run { at: at + rest.width.bytes(), count: (rest.count - before).saturating_sub(1), ..rest };
            }
            runs.push(rest);
        }
        runs.retain(|run| run.count > 0);
        Self(runs)
    }

    /// Whether the `width` bytes at `at` are one unit.
    pub(super) fn has(&self, at: usize, width: Width) -> bool {
        self.0
            .iter()
            .any(|run| run.width == width && (run.at..run.end()).contains(&at) && (at - run.at) % width.bytes() == 0)
    }

    fn add_fields(&mut self, base: usize, record: &crate::schema::Record) {
        for field in &record.fields {
            self.add_type(base + field.offset, &field.ty);
        }
    }

    fn add_type(&mut self, at: usize, ty: &Type) {
        let scalar = match ty {
            Type::Record(record) => return self.add_fields(at, record),
            Type::U8 | Type::I8 | Type::Bool => Some(Width::W1),
            Type::U16 | Type::I16 => Some(Width::W2),
            Type::U32 | Type::I32 | Type::F32 | Type::Char => Some(Width::W4),
            Type::U64 | Type::I64 | Type::F64 => Some(Width::W8),
            _ => None,
        };
        match scalar {
            Some(width) => self.push(at, width, 1),
            None => self.cut(at, ty.size()),
        }
    }

    /// Cuts bytes into the widest units that stand at multiples of their width.
    fn cut(&mut self, mut at: usize, len: usize) {
        let end = at + len;
        while at < end {
            let width = [Width::W8, Width::W4, Width::W2]
                .into_iter()
                .find(|width| at % width.bytes() == 0 && end - at >= width.bytes())
                .unwrap_or(Width::W1);
            let count = if width == Width::W8 { (end - at) / 8 } else { 1 };
            self.push(at, width, count);
            at += count * width.bytes();
        }
    }

    fn push(&mut self, at: usize, width: Width, count: usize) {
        match self.0.last_mut() {
            Some(last) if last.width == width && last.end() == at => last.count += count,
            _ => self.0.push(Run { at, width, count }),
        }
    }
}

#[cfg(test)]
mod tests {
    use shmrec_os::Width::{W1, W2, W4, W8};

    use super::{Run, Units};
    use crate::SharedRecord;

    #[derive(SharedRecord)]
    #[record(crate = crate)]
    struct Inner {
        tag: u8,
        number: u16,
    }

    #[derive(SharedRecord)]
    #[record(crate = crate)]
    struct Mixed {
        count: i32,
        flag: bool,
        seconds: i64,
        inner: Inner,
        name: [u8; 13],
        last: u32,
    }

    fn run(at: usize, width: shmrec_os::Width, count: usize) -> Run {
        Run { at, width, count }
    }

    #[test]
    fn scalars_are_units_and_the_rest_is_cut_at_the_ends_of_fields() {
        let units = Units::of::<Mixed>();
        assert_eq!(
            units.runs(),
            [
                run(0, W4, 1),
                run(4, W1, 1),
                run(8, W8, 1),
                run(16, W1, 1),
                run(18, W2, 1),
                // 13 bytes from 20 on.
                run(20, W4, 1),
                run(24, W8, 1),
                run(32, W1, 1),
                run(36, W4, 1),
            ]
        );
        assert!(units.has(0, W4) && units.has(18, W2) && !units.has(0, W2) && !units.has(2, W2) && !units.has(5, W1));
    }

    #[test]
    fn words_are_left_out_wherever_they_stand() {
        #[derive(SharedRecord)]
        #[record(crate = crate)]
        struct Words {
            a: u32,
            b: u32,
            c: u32,
            d: u32,
        }
        let units = Units::of::<Words>();
        assert_eq!(units.runs(), [run(0, W4, 4)]);
        assert_eq!(units.without(&[(4, W4)]).runs(), [run(0, W4, 1), run(8, W4, 2)]);
        assert_eq!(units.without(&[(12, W4), (0, W4)]).runs(), [run(4, W4, 2)]);
        assert_eq!(units.without(&[(0, W4), (4, W4), (8, W4), (12, W4)]).runs(), []);
        assert_eq!(units.without(&[]).runs(), units.runs());
    }
}
