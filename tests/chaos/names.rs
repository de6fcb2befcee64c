//! The segments that the processes fight over.

use shmrec_tests::options::Options;

/// How many segments.
pub(crate) const NAMES: usize = 6;

/// What one of them is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) name: &'static str,
    pub(crate) persist: bool,
    pub(crate) slots: u32,
    pub(crate) wake_always: bool,
    /// Records of 16 KiB, so that many die in the middle of a copy.
    pub(crate) long: bool,
}

const fn name(name: &'static str) -> Name {
    Name { name, persist: false, slots: 4, wake_always: false, long: false }
}

/// All of them.
pub(crate) const ALL: [Name; NAMES] = [
    name("plain"),
    Name { slots: 2, ..name("two_slots") },
    Name { wake_always: true, ..name("wakes_always") },
    Name { persist: true, ..name("persists") },
    Name { long: true, ..name("long") },
    Name { long: true, slots: 8, ..name("long_history") },
];

impl Name {
    /// How it is created.
    pub(crate) fn options(&self, base: &Options) -> Options {
        base.clone().persist(self.persist).slots(self.slots).wake_always(self.wake_always)
    }
}
