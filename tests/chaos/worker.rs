//! One process of the chaos: does this and that with the segments until it is killed, or has done enough.

use std::path::Path;
use std::time::Duration;

use shmrec::{CreateError, LinkError, LockError, ReadError, Reader, RemoveError, Segment, Version, WaitError};
use shmrec_tests::directory::Place;
use shmrec_tests::options::Options;
use shmrec_tests::random::Random;

use crate::board::{Board, Count};
use crate::names::{ALL, NAMES};
use crate::oracle::Oracle;
use crate::records::{Long, Short, Stamped};

/// What no call may exceed on a machine that has other things to do as well.
const PATIENCE: Duration = Duration::from_secs(60);

enum Handle<T> {
    Writer(Segment<T>),
    Reader(Reader<T>),
}

impl<T: Stamped> Handle<T> {
    fn reader(&self) -> &Reader<T> {
        match self {
            Self::Writer(segment) => segment,
            Self::Reader(reader) => reader,
        }
    }
}

/// A segment that this process uses.
struct Hold<T> {
    handle: Handle<T>,
    instance: u64,
    /// The newest version that this process knows of.
    newest: u64,
}

/// What this process uses of one kind of record.
struct Holds<T>([Option<Hold<T>>; NAMES]);

struct Worker {
    oracle: Oracle,
    random: Random,
    options: Options,
}

pub(crate) fn run(place: &Place, board: &Path, slot: usize, life: u64, seed: u64) {
    // Not longer than the one who looks at the outcome.
    let death = Some(rustix::process::Signal::KILL);
    rustix::process::set_parent_process_death_signal(death).expect("a signal at the driver's death");
    let board = Board::open(board);
    let options = place.options().read_timeout(PATIENCE).lock_timeout(PATIENCE);
    let mut worker = Worker { oracle: Oracle::new(board, slot, life), random: Random::new(seed), options };
    let descriptors = open_descriptors();
    let (mut short, mut long) = (Holds::<Short>(Default::default()), Holds::<Long>(Default::default()));
    let actions = 20 + worker.random.below(4000);
    for _ in 0..actions {
        let name = worker.random.below(NAMES as u64) as usize;
        if ALL[name].long { long.act(&mut worker, name) } else { short.act(&mut worker, name) }
    }
    for name in 0..NAMES {
        short.leave(&mut worker, name);
        long.leave(&mut worker, name);
    }
    if open_descriptors() != descriptors {
        worker.oracle.violation(&format!("{} descriptors became {}", descriptors, open_descriptors()));
    }
    let mapped = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let segments = place.path().to_string_lossy();
    if let Some(left) = mapped.lines().find(|line| line.contains(&*segments) || line.contains("/SYSV")) {
        worker.oracle.violation(&format!("a mapping is left: {left}"));
    }
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

impl<T: Stamped> Holds<T> {
    fn act(&mut self, worker: &mut Worker, name: usize) {
        let Some(hold) = &mut self.0[name] else { return self.join(worker, name) };
        match worker.random.below(100) {
            0..30 => worker.reads(name, hold),
            30..65 => worker.updates(name, hold),
            65..72 => worker.locks(name, hold),
            72..78 => worker.waits(name, hold),
            78..84 => worker.follows(name, hold),
            84..88 => worker.second_link(name, hold),
            88..90 => worker.removes(name, Some(hold.instance)),
            _ => self.leave(worker, name),
        }
    }

    /// Creates the segment, or links to it.
    fn join(&mut self, worker: &mut Worker, name: usize) {
        let options = ALL[name].options(&worker.options);
        let before = worker.oracle.look(name);
        let way = worker.random.below(12);
        let joined = match way {
            0..4 => {
                let instance = worker.random.next();
                let first = T::new(worker.oracle.first(instance));
                let created = options.create_with(ALL[name].name, &first);
                worker.oracle.done(Count::Creates, 1);
                match created {
                    Ok(segment) => Some((Handle::Writer(segment), true)),
                    Err(CreateError::AlreadyExists(_)) => None,
                    Err(CreateError::Busy(_)) => return worker.oracle.board.add(Count::Busy, 1),
                    Err(error) => worker.oracle.violation(&format!("create: {error}")),
                }
            }
            11 => return worker.removes(name, None),
            _ => None,
        };
        let joined = match joined {
            Some(created) => created,
            None => {
                let linked = if way % 2 == 0 {
                    options.link::<T>(ALL[name].name).map(Handle::Writer)
                } else {
                    options.reader::<T>(ALL[name].name).map(Handle::Reader)
                };
                worker.oracle.done(Count::Links, 1);
                match linked {
                    Ok(handle) => (handle, false),
                    Err(LinkError::NotFound(_)) => return,
                    Err(LinkError::Busy(_)) => return worker.oracle.board.add(Count::Busy, 1),
                    Err(error) => worker.oracle.violation(&format!("link: {error}")),
                }
            }
        };
        let (handle, created) = joined;
        let Some((version, record)) = worker.read(name, 0, handle.reader()) else { return };
        let stamp = record.stamp();
        if created && version == 1 {
            worker.oracle.acknowledge(name, 1, stamp);
        }
        worker.oracle.found(name, &before, Some(stamp.instance));
        worker.oracle.hold(name, Some(stamp.instance));
        self.0[name] = Some(Hold { handle, instance: stamp.instance, newest: version });
    }

    /// Gives the segment up.
    fn leave(&mut self, worker: &mut Worker, name: usize) {
        let Some(hold) = self.0[name].take() else { return };
        worker.oracle.hold(name, None);
        if worker.random.below(2) == 0 {
            drop(hold);
        } else {
            let released = match hold.handle {
                Handle::Writer(segment) => segment.release(),
                Handle::Reader(reader) => reader.release(),
            };
            if let Err(error) = released {
                worker.oracle.violation(&format!("release: {error}"));
            }
        }
        worker.oracle.done(Count::Releases, 1);
    }
}

impl Worker {
    /// Reads once; `None` when writers were faster all the time.
    fn read<T: Stamped>(&self, name: usize, instance: u64, reader: &Reader<T>) -> Option<(u64, T)> {
        let floor = if instance == 0 { 0 } else { self.oracle.floor(name, instance) };
        match reader.read_versioned() {
            Ok(published) => {
                let (version, stamp) = (published.version.get(), published.record.stamp());
                self.oracle.read(name, floor, version, stamp, published.record.is_whole());
                if instance != 0 && stamp.instance != instance {
                    self.oracle.violation(&format!("{}: {stamp:?} in instance {instance}", ALL[name].name));
                }
                Some((version, published.record))
            }
            Err(ReadError::Contended(_)) => {
                self.oracle.board.add(Count::Contended, 1);
                None
            }
            Err(error) => self.oracle.violation(&format!("read: {error}")),
        }
    }

    fn reads<T: Stamped>(&mut self, name: usize, hold: &mut Hold<T>) {
        let most = if ALL[name].long { 50 } else { 4000 };
        let times = 1 + self.random.below(most);
        for _ in 0..times {
            let Some((version, _)) = self.read(name, hold.instance, hold.handle.reader()) else { continue };
            if version < hold.newest {
                self.oracle.violation(&format!("version {version} was read after {}", hold.newest));
            }
            hold.newest = version;
        }
        self.oracle.done(Count::Reads, times);
    }

    fn updates<T: Stamped>(&mut self, name: usize, hold: &mut Hold<T>) {
        let Handle::Writer(segment) = &hold.handle else { return self.reads(name, hold) };
        let most = if ALL[name].long { 50 } else { 2000 };
        let times = 1 + self.random.below(most);
        for _ in 0..times {
            let mut published = None;
            let oracle = &mut self.oracle;
            let outcome = segment.update(|record| {
                if !record.is_whole() {
                    oracle.violation(&format!("torn under the lock: {:?}", record.stamp()));
                }
                let stamp = oracle.next(record.stamp());
                *record = T::new(stamp);
                published = Some(stamp);
            });
            match (outcome, published) {
                (Ok(()), Some(stamp)) => {
                    self.oracle.acknowledge(name, stamp.count, stamp);
                    hold.newest = hold.newest.max(stamp.count);
                }
                (Err(error), _) => self.oracle.violation(&format!("update: {error}")),
                (Ok(()), None) => self.oracle.violation("an update that called nothing"),
            }
        }
        self.oracle.done(Count::Writes, times);
    }

    /// Takes the lock, keeps it a while, publishes or not.
    fn locks<T: Stamped>(&mut self, name: usize, hold: &mut Hold<T>) {
        let Handle::Writer(segment) = &hold.handle else { return self.reads(name, hold) };
        let way = self.random.below(8);
        let locked = match way {
            0..3 => segment.lock(),
            3..6 => segment.try_lock(),
            _ => segment.lock_timeout(Duration::from_millis(self.random.below(30))),
        };
        let mut guard = match locked {
            Ok(guard) => guard,
            Err(LockError::Timeout(_)) if way >= 3 => return self.oracle.done(Count::Locks, 1),
            Err(error) => self.oracle.violation(&format!("lock: {error}")),
        };
        if guard.recovered() {
            self.oracle.board.add(Count::Recovered, 1);
        }
        let before = segment.version().get();
        let last = guard.read().unwrap_or_else(|error| self.oracle.violation(&format!("guard.read: {error}")));
        let stamp = self.oracle.next(last.stamp());
        if !last.is_whole() || last.stamp().count != before {
            self.oracle.violation(&format!("version {before} under the lock is {:?}", last.stamp()));
        }
        guard.write(&T::new(stamp)).unwrap_or_else(|error| self.oracle.violation(&format!("guard.write: {error}")));
        match self.random.below(4) {
            0 => {}
            1 => std::thread::yield_now(),
            _ => std::thread::sleep(Duration::from_micros(self.random.below(1500))),
        }
        if segment.version().get() != before {
            self.oracle.violation(&format!("version {before} was followed by another under the lock"));
        }
        if self.random.below(4) == 0 {
            guard.discard().unwrap_or_else(|error| self.oracle.violation(&format!("discard: {error}")));
        } else {
            match guard.unlock() {
                Ok(Some(version)) => {
                    self.oracle.acknowledge(name, version.get(), stamp);
                    hold.newest = version.get();
                }
                Ok(None) => self.oracle.violation("an edit that published nothing"),
                Err(error) => self.oracle.violation(&format!("unlock: {error}")),
            }
        }
        self.oracle.done(Count::Locks, 1);
    }

    fn waits<T: Stamped>(&mut self, name: usize, hold: &mut Hold<T>) {
        let timeout = Duration::from_millis(self.random.below(20));
        match hold.handle.reader().wait_newer(Version::new(hold.newest), timeout) {
            Ok(newer) => {
                let (version, stamp) = (newer.version.get(), newer.record.stamp());
                self.oracle.read(name, hold.newest + 1, version, stamp, newer.record.is_whole());
                hold.newest = version;
            }
            Err(WaitError::Timeout(_)) => {}
            Err(error) => self.oracle.violation(&format!("wait: {error}")),
        }
        self.oracle.done(Count::Waits, 1);
    }

    fn follows<T: Stamped>(&mut self, name: usize, hold: &mut Hold<T>) {
        match hold.handle.reader().history() {
            Ok(history) => {
                for pair in history.windows(2) {
                    if pair[0].version >= pair[1].version {
                        self.oracle.violation("a history that is out of order");
                    }
                }
                for past in &history {
                    self.oracle.read(name, 0, past.version.get(), past.record.stamp(), past.record.is_whole());
                }
            }
            Err(error) => self.oracle.violation(&format!("history: {error}")),
        }
        let mut follower = hold.handle.reader().follow();
        for _ in 0..3 {
            match follower.next(Duration::from_millis(2)) {
                Ok(next) => {
                    self.oracle.read(name, 0, next.version.get(), next.record.stamp(), next.record.is_whole());
                }
                Err(WaitError::Timeout(_)) => break,
                Err(error) => self.oracle.violation(&format!("follow: {error}")),
            }
        }
        self.oracle.done(Count::Reads, 2);
    }

    /// While this process uses a segment, a second link finds the same one.
    fn second_link<T: Stamped>(&mut self, name: usize, hold: &mut Hold<T>) {
        let options = &self.options;
        match options.reader::<T>(ALL[name].name) {
            Ok(reader) => {
                let _ = self.read(name, hold.instance, &reader);
                drop(reader);
            }
            Err(LinkError::Busy(_)) => self.oracle.board.add(Count::Busy, 1),
            Err(error) => self.oracle.violation(&format!("a second link to a segment in use: {error}")),
        }
        match options.create::<T>(ALL[name].name) {
            Err(CreateError::AlreadyExists(_)) => {}
            Err(CreateError::Busy(_)) => self.oracle.board.add(Count::Busy, 1),
            Err(error) => self.oracle.violation(&format!("create: {error}")),
            Ok(_) => self.oracle.violation("a second segment of a name in use"),
        }
        self.oracle.done(Count::Links, 2);
    }

    /// Removes a name as an administrator does: refused while anybody uses it.
    fn removes(&mut self, name: usize, held: Option<u64>) {
        let before = self.oracle.look(name);
        match self.oracle.removal(name, || self.options.remove(ALL[name].name)) {
            Ok(()) if held.is_some() => self.oracle.violation("a segment in use was removed"),
            Ok(()) => self.oracle.found(name, &before, None),
            Err(RemoveError::NotFound(_)) if held.is_none() => {}
            Err(RemoveError::InUse(_)) => {}
            Err(RemoveError::Busy(_)) => self.oracle.board.add(Count::Busy, 1),
            Err(error) => self.oracle.violation(&format!("remove: {error}")),
        }
        self.oracle.done(Count::Removes, 1);
    }
}
