//! Two readings become a record.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use shmrec::FixedStr;

use super::record::{
    CORES, Core, DEVICES, Flow, Host, LONG_NAME, LeftOut, Machine, NAME, Process, Publisher, TOP, Traffic, Usage,
};
use crate::clock;
use crate::proc::cpu::{Cpus, Times};
use crate::proc::disk::Disk;
use crate::proc::files::{Files, Unreadable};
use crate::proc::network::Interface;
use crate::proc::process;
use crate::system::{self, Units};

/// Rates are over this time. The kernel counts processor time in ticks of 10 ms: over a tenth of a second, a core could
/// only be busy by 0, 10, 20 … per cent.
const WINDOW: Duration = Duration::from_secs(1);

/// Processes are read this often: each one is a file.
const PROCESSES: Duration = Duration::from_millis(500);

/// Reads the figures, and remembers those of the last second.
#[derive(Debug)]
pub struct Sampler {
    files: Files,
    publisher: Publisher,
    units: Units,
    recent: Recent<Counters>,
    processes: Recent<Vec<process::Process>>,
}

/// What is only worth something as a difference.
#[derive(Clone, Debug, Default)]
struct Counters {
    cpus: Cpus,
    interfaces: Vec<Interface>,
    disks: Vec<Disk>,
}

impl Sampler {
    /// Takes the first reading, on behalf of this process.
    ///
    /// # Errors
    ///
    /// When `/proc` is not there.
    pub fn new(files: Files) -> Result<Self, Unreadable> {
        let units = system::units();
        let publisher = Publisher { pid: std::process::id(), began: clock::now() };
        let recent = Recent::new(counters(&files)?);
        let processes = Recent::new(files.processes());
        Ok(Self { files, publisher, units, recent, processes })
    }

    /// On whose behalf.
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        self.publisher
    }

    /// Takes another reading. Rates are those since a second ago, or since the first reading if it is younger.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn sample(&mut self) -> Result<Machine, Unreadable> {
        self.recent.add(counters(&self.files)?);
        if self.processes.is_alone() || self.processes.age() >= PROCESSES {
            self.processes.add(self.files.processes());
        }

        let (earlier, later, elapsed) = self.recent.span();
        let (interfaces, more_interfaces) =
            traffic(&earlier.interfaces, &later.interfaces, elapsed, |i| (i.name.as_str(), i.received, i.sent));
        let (disks, more_disks) =
            traffic(&earlier.disks, &later.disks, elapsed, |d| (d.name.as_str(), d.read, d.written));
        let (cores, more_cores) = cores(&earlier.cpus, &later.cpus);
        let cpu = usage(&later.cpus.total.since(&earlier.cpus.total));
        let (earlier, later, elapsed) = self.processes.span();
        Ok(Machine {
            publisher: self.publisher,
            taken: clock::now(),
            host: Host {
                name: cut(&self.files.host_name(), LONG_NAME).to_owned(),
                kernel: cut(&self.files.kernel(), LONG_NAME).to_owned(),
                uptime: self.files.uptime(),
            },
            load: self.files.load(),
            cpu,
            cores,
            memory: self.files.memory()?,
            interfaces,
            disks,
            processes: count(later.len()),
            top: top(earlier, later, elapsed, self.units),
            left_out: LeftOut { cores: more_cores, interfaces: more_interfaces, disks: more_disks },
        })
    }
}

fn counters(files: &Files) -> Result<Counters, Unreadable> {
    Ok(Counters { cpus: files.cpus()?, interfaces: files.interfaces(), disks: files.disks() })
}

/// The readings of the last [`WINDOW`], and the youngest one before it.
#[derive(Debug)]
struct Recent<R> {
    // Never empty.
    readings: VecDeque<(Instant, R)>,
}

impl<R> Recent<R> {
    fn new(first: R) -> Self {
        Self { readings: VecDeque::from([(Instant::now(), first)]) }
    }

    fn is_alone(&self) -> bool {
        self.readings.len() == 1
    }

    /// How old the youngest reading is.
    fn age(&self) -> Duration {
        self.readings[self.readings.len() - 1].0.elapsed()
    }

    fn add(&mut self, reading: R) {
        let now = Instant::now();
        self.readings.push_back((now, reading));
        // The oldest is not needed once the next one is old enough.
        while self.readings.len() > 2 && now.duration_since(self.readings[1].0) >= WINDOW {
            self.readings.pop_front();
        }
    }

    /// The oldest reading, the youngest, and the time between them.
    fn span(&self) -> (&R, &R, Duration) {
        let (first, earlier) = &self.readings[0];
        let (last, later) = &self.readings[self.readings.len() - 1];
        (earlier, later, last.duration_since(*first))
    }
}

/// Parts of a time in per cent; nothing if no time has passed.
fn usage(spent: &Times) -> Option<Usage> {
    let sum = spent.sum();
    let percent = |part: u64| (part as f64 / sum as f64 * 100.0) as f32;
    (sum > 0).then(|| Usage {
        user: percent(spent.user),
        system: percent(spent.system),
        iowait: percent(spent.iowait),
        steal: percent(spent.steal),
        idle: percent(spent.idle),
    })
}

/// The cores that are online, and how many more than there is room for.
fn cores(earlier: &Cpus, later: &Cpus) -> (Vec<Core>, u32) {
    let core = |(&number, times): (&u32, &Times)| {
        let usage = earlier.cores.get(&number).and_then(|before| usage(&times.since(before)));
        Core { number, usage }
    };
    let cores = later.cores.iter().take(CORES).map(core).collect();
    (cores, count(later.cores.len().saturating_sub(CORES)))
}

/// The devices with the most traffic, and how many more than there is room for. `of` gives a device's name and its two
/// counters.
fn traffic<D>(
    earlier: &[D],
    later: &[D],
    elapsed: Duration,
    of: impl Fn(&D) -> (&str, u64, u64),
) -> (Vec<Traffic>, u32) {
    let before: HashMap<&str, (u64, u64)> = earlier.iter().map(&of).map(|(name, i, o)| (name, (i, o))).collect();
    let mut devices: Vec<_> = later.iter().map(&of).collect();
    devices.sort_by_key(|(_, inward, outward)| Reverse(inward.saturating_add(*outward)));
    let device = |&(name, inward, outward): &(&str, u64, u64)| {
        let before = before.get(name);
        let flow = |total: u64, before: Option<u64>| Flow {
            total,
            // A counter that went backwards began anew: what it counted since is not known to belong to this time.
            per_second: before.and_then(|before| total.checked_sub(before)).and_then(|bytes| rate(bytes, elapsed)),
        };
        Traffic {
            name: fixed(name),
            inward: flow(inward, before.map(|b| b.0)),
            outward: flow(outward, before.map(|b| b.1)),
        }
    };
    let more = count(devices.len().saturating_sub(DEVICES));
    (devices.iter().take(DEVICES).map(device).collect(), more)
}

fn rate(n: u64, elapsed: Duration) -> Option<f64> {
    (!elapsed.is_zero()).then(|| n as f64 / elapsed.as_secs_f64())
}

/// The processes that took the most processor time; among those that took none, the ones with the most memory.
fn top(earlier: &[process::Process], later: &[process::Process], elapsed: Duration, units: Units) -> Vec<Process> {
    let before: HashMap<_, _> = earlier.iter().map(|p| ((p.pid, p.started), p.ticks)).collect();
    // One that was not there before has run only since.
    let ticks =
        |p: &process::Process| p.ticks.saturating_sub(before.get(&(p.pid, p.started)).copied().unwrap_or_default());
    let mut processes: Vec<_> = later.iter().map(|process| (ticks(process), process)).collect();
    processes.sort_by_key(|(ticks, process)| (Reverse(*ticks), Reverse(process.resident), process.pid));
    let process = |(ticks, process): &(u64, &process::Process)| Process {
        pid: process.pid,
        name: cut(&process.name, LONG_NAME).to_owned(),
        cpu: (rate(*ticks, elapsed).unwrap_or_default() / units.ticks_per_second as f64 * 100.0) as f32,
        resident: process.resident.saturating_mul(units.page),
    };
    processes.iter().take(TOP).map(process).collect()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The first characters of a text, as many as fit into `bytes`.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn fixed(name: &str) -> FixedStr<NAME> {
    cut(name, NAME).parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::time::Duration;

    use shmrec::SharedField;

    use super::{Files, LeftOut, Machine, Sampler, Units, cores, cut, fixed, top, traffic, usage};
    use crate::proc::cpu::{self, Times};
    use crate::proc::disk::Disk;
    use crate::proc::process::Process;
    use crate::sysmon::record::{CORES, DEVICES, TOP};

    const SECOND: Duration = Duration::from_secs(1);
    const UNITS: Units = Units { ticks_per_second: 100, page: 4096 };

    fn disk(name: &str, read: u64) -> Disk {
        Disk { name: name.to_owned(), read, written: 0 }
    }

    fn disks(earlier: &[Disk], later: &[Disk], elapsed: Duration) -> (Vec<super::Traffic>, u32) {
        traffic(earlier, later, elapsed, |d| (d.name.as_str(), d.read, d.written))
    }

    fn process(pid: u32, started: u64, ticks: u64, resident: u64) -> Process {
        Process { pid, started, name: format!("p{pid}"), ticks, resident }
    }

    #[test]
    fn the_parts_of_the_time_are_a_hundred_per_cent() {
        let usage = usage(&Times { user: 20, system: 10, iowait: 5, steal: 5, idle: 60 }).unwrap();
        assert_eq!([usage.user, usage.system, usage.iowait, usage.steal, usage.idle], [20.0, 10.0, 5.0, 5.0, 60.0]);
        assert_eq!(usage.busy(), 35.0);
    }

    #[test]
    fn no_time_has_no_parts() {
        assert_eq!(usage(&Times::default()), None);
    }

    #[test]
    fn cores_come_and_go() {
        let earlier = cpu::parse("cpu0 10 0 0 0\ncpu1 10 0 0 0");
        let later = cpu::parse("cpu0 20 0 0 10\ncpu2 5 0 0 5");
        let (cores, more) = cores(&earlier, &later);
        assert_eq!(more, 0);
        assert_eq!(cores.iter().map(|core| core.number).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(cores[0].usage.map(|u| u.user), Some(50.0));
        assert_eq!(cores[1].usage, None);
    }

    #[test]
    fn cores_without_room_are_counted() {
        let text: String = (0..300).map(|n| format!("cpu{n} 1 1 1 1\n")).collect();
        let (cores, more) = cores(&cpu::Cpus::default(), &cpu::parse(&text));
        assert_eq!((cores.len(), more), (CORES, 44));
    }

    #[test]
    fn a_rate_is_the_difference_by_the_time() {
        let (disks, _) = disks(&[disk("sda", 1000)], &[disk("sda", 4000), disk("sdb", 9)], SECOND * 2);
        assert_eq!(disks[0].inward.per_second, Some(1500.0));
        assert_eq!(disks[0].outward.per_second, Some(0.0));
        assert_eq!((&*disks[1].name, disks[1].inward.per_second), ("sdb", None));
    }

    #[test]
    fn a_counter_that_began_anew_has_no_rate() {
        let (disks, _) = disks(&[disk("sda", 1000)], &[disk("sda", 10)], SECOND);
        assert_eq!(disks[0].inward.per_second, None);
    }

    #[test]
    fn no_time_gives_no_rate() {
        let (disks, _) = disks(&[disk("sda", 1)], &[disk("sda", 2)], Duration::ZERO);
        assert_eq!(disks[0].inward.per_second, None);
        assert_eq!(top(&[], &[process(1, 1, 5, 1)], Duration::ZERO, UNITS)[0].cpu, 0.0);
    }

    #[test]
    fn devices_without_room_are_counted_and_are_the_idle_ones() {
        let many: Vec<_> = (0..40).map(|n| disk(&format!("sd{n}"), n)).collect();
        let (disks, more) = disks(&many, &many, SECOND);
        assert_eq!((disks.len(), more), (DEVICES, 8));
        assert_eq!(&*disks[0].name, "sd39");
    }

    #[test]
    fn the_busiest_processes_come_first() {
        let earlier = [process(1, 1, 100, 9), process(2, 1, 100, 9), process(3, 1, 0, 9)];
        let later = [process(1, 1, 101, 9), process(2, 1, 150, 9), process(3, 1, 0, 9), process(4, 7, 20, 1)];
        let top = top(&earlier, &later, SECOND, UNITS);
        assert_eq!(top.iter().map(|p| p.pid).collect::<Vec<_>>(), [2, 4, 1, 3]);
        assert_eq!((top[0].cpu, top[0].resident), (50.0, 9 * 4096));
    }

    #[test]
    fn a_process_id_that_came_again_is_another_process() {
        let top = top(&[process(1, 1, 1000, 0)], &[process(1, 5, 3, 0)], SECOND, UNITS);
        assert_eq!(top[0].cpu, 3.0);
    }

    #[test]
    fn only_so_many_processes_are_kept() {
        let many: Vec<_> = (0..100).map(|pid| process(pid, 1, 0, u64::from(pid))).collect();
        let top = top(&many, &many, SECOND, UNITS);
        assert_eq!((top.len(), top[0].pid), (TOP, 99));
    }

    /// A directory laid out as `/proc`, of a machine that has too much of everything. Removed when it is dropped.
    struct Proc(PathBuf);

    impl Proc {
        fn new() -> Self {
            let this = Self(std::env::temp_dir().join(format!("shmrec-examples-proc-{}", std::process::id())));
            let cpus: String = (0..400).map(|n| format!("cpu{n} 1 2 3 4 5 6 7 8 9 10\n")).collect();
            let interfaces: String = (0..50).map(|n| format!("{}{n}: {n} 0 0 0 0 0 0 0 9\n", "é".repeat(40))).collect();
            let disks: String = (0..50).map(|n| format!("8 0 disk{n}x 1 1 {} 1 1 1 9 1\n", u64::MAX)).collect();
            this.write("stat", &format!("cpu 1 2 3 4 5 6 7 8 9 10\n{cpus}"));
            this.write("meminfo", &format!("MemTotal: {} kB\n", u64::MAX));
            this.write("net/dev", &interfaces);
            this.write("diskstats", &disks);
            this.write("sys/kernel/hostname", &"ö".repeat(500));
            this.write("sys/kernel/osrelease", "");
            for pid in 1..30 {
                let name = "\u{1b}[2J) R (\n".repeat(20);
                this.write(&format!("{pid}/stat"), &format!("{pid} ({name}) R{} {} {0}", " 1".repeat(20), i64::MAX));
            }
            this.write("31/stat", "31 (half");
            this
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    impl Drop for Proc {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn whatever_the_machine_has_fits_into_the_record() {
        let proc = Proc::new();
        let machine = Sampler::new(Files::under(&proc.0)).unwrap().sample().unwrap();
        assert_eq!(machine.left_out, LeftOut { cores: 144, interfaces: 18, disks: 18 });
        assert_eq!((machine.processes, machine.top.len()), (29, TOP));
        assert_eq!(machine.host.name, "ö".repeat(32));
        assert_eq!(machine.cpu, None);

        let mut image = vec![0; Machine::SIZE];
        machine.store(&mut image).unwrap();
        assert_eq!(Machine::load(&image).unwrap(), machine);
    }

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(cut("größe", 3), "gr");
        assert_eq!(cut("größe", 4), "grö");
        assert_eq!(cut("", 0), "");
        assert_eq!(&*fixed(&"ö".repeat(20)), "ö".repeat(16));
    }
}
