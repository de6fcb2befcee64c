//! Starts the processes, stops and kills them, and looks at what is left at the end.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use shmrec::LinkError;
use shmrec_tests::directory::TestDir;
use shmrec_tests::options::Options;
use shmrec_tests::random::Random;

use crate::board::{Board, Count, LIVES, PROCESSES};
use crate::names::{ALL, Name};
use crate::oracle::Oracle;
use crate::records::{Long, Short, Stamp, Stamped};
use crate::settings::Settings;

/// A call that takes longer, on a process that is not stopped, is a hang.
const HANG: Duration = Duration::from_secs(120);
/// The longest stop.
const STOP_MS: u64 = 120;

struct Process {
    child: Child,
    slot: usize,
    /// Until when it is stopped, and whether it is killed then.
    stopped: Option<(Instant, bool)>,
    beat: u64,
    beat_since: Instant,
}

struct Driver<'s> {
    settings: &'s Settings,
    segments: TestDir,
    board_path: PathBuf,
    board: Board,
    random: Random,
    lives: u64,
    kills: u64,
    stops: u64,
    killed_stopped: u64,
    ended: u64,
    problems: Vec<String>,
}

/// Whether nothing contradicted the oracle.
pub(crate) fn run(settings: &Settings) -> bool {
    let place = TestDir::new();
    let board_path = place.path().join("board");
    let board = Board::create(&board_path);
    let random = Random::new(settings.seed);
    let mut driver = Driver {
        settings,
        segments: TestDir::of(settings.kind),
        board_path,
        board,
        random,
        lives: 0,
        kills: 0,
        stops: 0,
        killed_stopped: 0,
        ended: 0,
        problems: vec![],
    };
    println!("seed {}, {} processes, {} segments ({:?})", settings.seed, settings.processes, ALL.len(), settings.kind);
    let begun = Instant::now();
    let descriptors = open_descriptors();
    driver.rage(begun);
    driver.look_at_what_is_left();
    if open_descriptors() != descriptors {
        driver.problems.push(format!("{descriptors} descriptors of the driver became {}", open_descriptors()));
    }
    driver.report(begun);
    for problem in &driver.problems {
        println!("PROBLEM (seed {}): {problem}", settings.seed);
    }
    println!(
        "{} lives, {} problems: {}",
        driver.lives,
        driver.problems.len(),
        if driver.problems.is_empty() {
            "torn reads 0, lost or doubled updates 0, hangs 0, leaks 0"
        } else {
            "see above"
        }
    );
    driver.problems.is_empty()
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

impl Driver<'_> {
    fn count(&self, of: Count) -> u64 {
        self.board.count(of).load(Ordering::Relaxed)
    }

    fn report(&self, begun: Instant) {
        let counts: Vec<_> = Count::ALL.iter().map(|of| format!("{of:?} {}", self.count(*of))).collect();
        println!(
            "{:>5} s: kills {} ({} of stopped ones), stops {}, ends {}; {}",
            begun.elapsed().as_secs(),
            self.kills,
            self.killed_stopped,
            self.stops,
            self.ended,
            counts.join(", ")
        );
    }

    fn start(&mut self, slot: usize) -> Process {
        self.lives += 1;
        assert!((self.lives as usize) < LIVES, "more lives than the board has room for");
        Oracle::born(&self.board, slot, self.lives);
        let seed = Random::new(self.settings.seed ^ (self.lives << 20)).next();
        let child = Command::new(std::env::current_exe().expect("this program"))
            .arg("worker")
            .arg(self.segments.to_argument())
            .arg(&self.board_path)
            .args([slot as u64, self.lives, seed].map(|n| n.to_string()))
            .spawn()
            .expect("a process");
        let beat = self.board.beat(slot).load(Ordering::Relaxed);
        Process { child, slot, stopped: None, beat, beat_since: Instant::now() }
    }

    fn rage(&mut self, begun: Instant) {
        assert!((1..=PROCESSES).contains(&self.settings.processes), "1 to {PROCESSES} processes");
        let mut processes: Vec<_> = (0..self.settings.processes).map(|slot| self.start(slot)).collect();
        let mut reported = begun;
        while self.problems.is_empty()
            && (begun.elapsed() < self.settings.time
                || self.kills < self.settings.kills
                || self.count(Count::Operations) < self.settings.operations)
        {
            if reported.elapsed() > Duration::from_secs(20) {
                reported = Instant::now();
                self.report(begun);
            }
            std::thread::sleep(self.settings.pace.mul_f64(self.random.below(200) as f64 / 100.0));
            let victim = self.random.below(processes.len() as u64) as usize;
            let blow = self.random.below(10);
            for (i, process) in processes.iter_mut().enumerate() {
                self.tend(process, (i == victim).then_some(blow));
            }
        }
        // All end at the same moment, half of them in order if they will.
        for process in &mut processes {
            if process.slot % 2 == 0 {
                self.kill(process);
            }
        }
        let patience = Instant::now();
        for process in &mut processes {
            if process.stopped.is_some() {
                let _ = kill_process(Pid::from_child(&process.child), Signal::CONT);
            }
            while patience.elapsed() < Duration::from_secs(2) && matches!(process.child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(5));
            }
            self.kill(process);
        }
    }

    /// Looks after one process; `blow` decides what befalls it.
    fn tend(&mut self, process: &mut Process, blow: Option<u64>) {
        match process.child.try_wait() {
            Ok(Some(status)) => {
                if status.success() {
                    self.ended += 1;
                } else {
                    self.problems.push(format!("life {} ended with {status}", self.life(process)));
                }
                *process = self.start(process.slot);
                return;
            }
            Ok(None) => {}
            Err(error) => self.problems.push(format!("wait: {error}")),
        }
        let pid = Pid::from_child(&process.child);
        if let Some((until, doomed)) = process.stopped {
            if Instant::now() < until {
                return;
            }
            process.stopped = None;
            process.beat_since = Instant::now();
            if doomed {
                self.killed_stopped += 1;
                self.strike(process);
            } else {
                let _ = kill_process(pid, Signal::CONT);
            }
            return;
        }
        let beat = self.board.beat(process.slot).load(Ordering::Relaxed);
        if beat != process.beat {
            (process.beat, process.beat_since) = (beat, Instant::now());
        } else if process.beat_since.elapsed() > HANG {
            self.problems.push(format!("life {} hangs", self.life(process)));
        }
        match blow {
            Some(0..7) => self.strike(process),
            Some(stop) => {
                let _ = kill_process(pid, Signal::STOP);
                self.stops += 1;
                let until = Instant::now() + Duration::from_millis(self.random.below(STOP_MS));
                process.stopped = Some((until, stop == 9));
            }
            None => {}
        }
    }

    fn life(&self, process: &Process) -> u64 {
        self.board.life_of(process.slot).load(Ordering::Relaxed)
    }

    /// Kills one and starts the next in its place.
    fn strike(&mut self, process: &mut Process) {
        self.kill(process);
        *process = self.start(process.slot);
    }

    fn kill(&mut self, process: &mut Process) {
        use std::os::unix::process::ExitStatusExt;
        let _ = process.child.kill();
        match process.child.wait() {
            Ok(status) if status.signal() == Some(Signal::KILL.as_raw()) => self.kills += 1,
            Ok(status) if status.success() => self.ended += 1,
            Ok(status) => self.problems.push(format!("life {} ended with {status}", self.life(process))),
            Err(error) => self.problems.push(format!("wait: {error}")),
        }
    }

    /// Nobody lives: what is there must go at a touch, or, where it persists, be whole.
    fn look_at_what_is_left(&mut self) {
        let options = self.segments.options();
        for name in &ALL {
            let looked = if name.long { left::<Long>(&options, name) } else { left::<Short>(&options, name) };
            if let Err(problem) = looked {
                self.problems.push(format!("{}: {problem}", name.name));
            }
        }
        let names = self.segments.files();
        if !names.is_empty() {
            self.problems.push(format!("left in the directory: {names:?}"));
        }
    }
}

fn left<T: Stamped>(options: &Options, name: &Name) -> Result<(), String> {
    match options.reader::<T>(name.name) {
        Ok(reader) if name.persist => {
            let published = reader.read_versioned().map_err(|error| error.to_string())?;
            if !published.record.is_whole() || published.record.stamp().count != published.version.get() {
                return Err(format!("{:?} is left", published.record.stamp()));
            }
            drop(reader);
            options.remove(name.name).map_err(|error| error.to_string())?;
        }
        Ok(_) => return Err("lives although nobody does".to_owned()),
        Err(LinkError::NotFound(_)) => {}
        Err(error) => return Err(error.to_string()),
    }
    // The name is free, and the next segment works.
    let first = T::new(Stamp { instance: 1, count: 1, life: 0, serial: 0 });
    let segment = options.create_with(name.name, &first).map_err(|error| error.to_string())?;
    segment.write(&first).map_err(|error| error.to_string())?;
    segment.release().map_err(|error| error.to_string())
}
