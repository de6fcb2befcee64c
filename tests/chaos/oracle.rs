//! What everybody knows of the segments, and what contradicts it.
//!
//! | what contradicts | how it is known |
//! |---|---|
//! | a torn record | every word of a record depends on its stamp |
//! | a record that nobody published | a life announces each serial before it publishes it |
//! | two records of one version, or a version that is another record later | everybody compares what he read with what others read |
//! | an update that is lost, or made twice | each adds one to the record's count, which must be the version |
//! | a version that was published and is not there | what a writer was told is the least that a later read may find |
//! | a segment that loses its name under a living user, or two of one name | what a process uses it says before others look; one who is seen to live afterwards has used it all the time |
//! | a persistent segment that goes by itself | removals are announced |

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::board::{Board, Count, PROCESSES};
use crate::names::{ALL, NAMES};
use crate::records::Stamp;

/// The exit code of one that has seen a contradiction.
pub(crate) const VIOLATION: i32 = 99;

const MARK: u64 = (1 << 40) - 1;

/// One process's view of the board.
#[derive(Debug)]
pub(crate) struct Oracle {
    pub(crate) board: Board,
    slot: usize,
    life: u64,
    serial: u64,
}

/// What the others said that they use, at one moment.
#[derive(Debug)]
pub(crate) struct Seen {
    holding: [u64; PROCESSES],
    /// How many removals had begun, if all of them had ended.
    removals: Option<u64>,
}

impl Oracle {
    pub(crate) fn new(board: Board, slot: usize, life: u64) -> Self {
        Self { board, slot, life, serial: 0 }
    }

    /// Ends this process: something has happened that must not happen.
    pub(crate) fn violation(&self, what: &str) -> ! {
        eprintln!("VIOLATION in life {} (slot {}): {what}", self.life, self.slot);
        std::process::exit(VIOLATION);
    }

    /// A call has come back.
    pub(crate) fn done(&self, of: Count, calls: u64) {
        self.board.add(of, calls);
        self.board.add(Count::Operations, calls);
        self.board.beat(self.slot).fetch_add(1, Ordering::Relaxed);
    }

    /// The stamp of the update of `last`, announced.
    pub(crate) fn next(&mut self, last: Stamp) -> Stamp {
        self.stamp(last.instance, last.count + 1)
    }

    /// The stamp of a first record, announced.
    pub(crate) fn first(&mut self, instance: u64) -> Stamp {
        self.stamp(instance, 1)
    }

    fn stamp(&mut self, instance: u64, count: u64) -> Stamp {
        self.serial += 1;
        let announced = self.board.announced(self.life).expect("a life of this run");
        // Release: pairs with the acquire of one who has read the record, and in between are the segment's own.
        announced.store(self.serial, Ordering::Release);
        Stamp { instance, count, life: self.life, serial: self.serial }
    }

    /// The least version that a read which begins now must find.
    pub(crate) fn floor(&self, name: usize, instance: u64) -> u64 {
        let word = self.board.acknowledged(name).load(Ordering::Acquire);
        if word >> 48 == instance >> 48 { word & ((1 << 48) - 1) } else { 0 }
    }

    /// A writer was told that `version` is published.
    pub(crate) fn acknowledge(&self, name: usize, version: u64, stamp: Stamp) {
        self.check_version(name, version, stamp);
        let word = (stamp.instance & !((1 << 48) - 1)) | version;
        let _ = self.board.acknowledged(name).fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| {
            (old >> 48 != word >> 48 || old < word).then_some(word)
        });
    }

    /// Somebody has read `version`.
    pub(crate) fn read(&self, name: usize, floor: u64, version: u64, stamp: Stamp, whole: bool) {
        let of = ALL[name].name;
        if !whole {
            self.violation(&format!("{of}: version {version} is torn: {stamp:?}"));
        }
        if version < floor {
            self.violation(&format!("{of}: read version {version} after {floor} was published"));
        }
        self.check_version(name, version, stamp);
    }

    fn check_version(&self, name: usize, version: u64, stamp: Stamp) {
        let of = ALL[name].name;
        if stamp.count != version {
            self.violation(&format!("{of}: version {version} is update {}: {stamp:?}", stamp.count));
        }
        let announced = self.board.announced(stamp.life).map_or(0, |serial| serial.load(Ordering::Acquire));
        if stamp.serial > announced || stamp.serial == 0 {
            self.violation(&format!("{of}: nobody published {stamp:?}: {announced} were announced"));
        }
        // The entry names instance and version in its upper bits, the record in its lower ones.
        let of_version = Stamp { life: 0, serial: 0, ..stamp }.mixed();
        let (upper, lower) = (of_version & !0xff_ffff, stamp.mixed() & 0xff_ffff);
        let entry = self.board.published(name, version as usize);
        let old = entry.swap(upper | lower, Ordering::AcqRel);
        if old & !0xff_ffff == upper && old & 0xff_ffff != lower {
            self.violation(&format!("{of}: version {version} was another record before: {stamp:?}"));
        }
    }

    /// What the others use, before this process touches a name.
    pub(crate) fn look(&self, name: usize) -> Seen {
        let begun = self.board.removals(name).load(Ordering::SeqCst);
        let ended = self.board.removed(name).load(Ordering::SeqCst);
        Seen {
            holding: std::array::from_fn(|slot| self.board.holding(slot, name).load(Ordering::SeqCst)),
            removals: Some(begun).filter(|begun| *begun == ended),
        }
    }

    /// This process has found `instance` under a name, or (`None`) has removed what nobody used.
    pub(crate) fn found(&self, name: usize, before: &Seen, instance: Option<u64>) {
        let mark = instance.map(|instance| instance & MARK);
        for slot in 0..PROCESSES {
            let holding = before.holding[slot];
            if slot == self.slot || holding == 0 || Some(holding & MARK) == mark {
                continue;
            }
            // It has used another one since before this process's call, unless it is dead: is it seen to do something after?
            let life = self.board.life_of(slot).load(Ordering::SeqCst);
            let beat = self.board.beat(slot).load(Ordering::SeqCst);
            if self.board.holding(slot, name).load(Ordering::SeqCst) != holding {
                continue;
            }
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(100)
                && self.board.life_of(slot).load(Ordering::SeqCst) == life
            {
                if self.board.beat(slot).load(Ordering::SeqCst) != beat
                    && self.board.life_of(slot).load(Ordering::SeqCst) == life
                {
                    self.violation(&format!(
                        "{}: found {instance:x?} while life {life} uses {holding:x}",
                        ALL[name].name
                    ));
                }
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        if let (true, Some(mark)) = (ALL[name].persist, mark) {
            self.check_persistence(name, before, mark);
        }
    }

    fn check_persistence(&self, name: usize, before: &Seen, mark: u64) {
        let known = self.board.persisting(name).load(Ordering::SeqCst);
        let removals = self.board.removals(name).load(Ordering::SeqCst) & 0xff_ffff;
        if known != 0 && known >> 40 == removals && known & MARK != mark {
            self.violation(&format!("{}: {:x} has gone although it persists: {mark:x}", ALL[name].name, known & MARK));
        }
        if let Some(removals) = before.removals {
            self.board.persisting(name).store((removals << 40) | mark, Ordering::SeqCst);
        }
    }

    /// From now on this process uses `instance`; with `None`, nothing of this name.
    pub(crate) fn hold(&self, name: usize, instance: Option<u64>) {
        let word = self.board.holding(self.slot, name);
        let epoch = (self.serial + 1) << 40;
        word.store(instance.map_or(0, |instance| epoch | (instance & MARK)), Ordering::SeqCst);
    }

    /// A new process begins in `slot`; the one before is dead.
    pub(crate) fn born(board: &Board, slot: usize, life: u64) {
        board.life_of(slot).store(life, Ordering::SeqCst);
        Self::end_removal(board, slot);
        for name in 0..NAMES {
            board.holding(slot, name).store(0, Ordering::SeqCst);
        }
    }

    /// Removes a name.
    pub(crate) fn removal<R>(&self, name: usize, remove: impl FnOnce() -> R) -> R {
        self.board.removing(self.slot).store(name as u64 + 1, Ordering::SeqCst);
        self.board.removals(name).fetch_add(1, Ordering::SeqCst);
        let outcome = remove();
        Self::end_removal(&self.board, self.slot);
        outcome
    }

    fn end_removal(board: &Board, slot: usize) {
        let name = board.removing(slot).swap(0, Ordering::SeqCst);
        if name != 0 {
            board.removed(name as usize - 1).fetch_add(1, Ordering::SeqCst);
        }
    }
}
