//! A record becomes a table.

use std::time::Duration;

use super::line::{Ink, Line};
use super::record::{Core, Flow, Machine, Process, Traffic, Usage};

/// What a reader knows beside the record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Which version of the record it is.
    pub version: u64,
    /// How long ago the figures were read.
    pub age: Duration,
    /// Versions that were published per second, lately; nothing before there were two.
    pub per_second: Option<f64>,
    /// Versions that were overwritten before this reader looked.
    pub missed: u64,
    /// Whether nothing has come for so long that the publisher must have stopped.
    pub stopped: bool,
}

/// The room that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Columns.
    pub width: usize,
    /// Lines; on paper there is no end to them.
    pub height: Option<usize>,
}

/// The most interfaces, and the most disks, that are shown where there is room for any number of lines.
const DEVICES: usize = 8;

/// As many cores have a bar each; of more, each has a digit.
const BARS: usize = 16;

/// The table. It is never higher than the room; lines may be wider, and are to be cut.
#[must_use]
pub fn table(machine: &Machine, seen: &Seen, room: Room) -> Vec<Line> {
    let Room { width, height } = room;
    let mut cores = cores(&machine.cores, machine.left_out.cores, width);
    if let Some(height) = height {
        shorten(&mut cores, (height / 3).max(1));
    }

    // Two lines of title, one for the processors, two for the memory, the heading of the processes.
    let taken = 6 + cores.len();
    let mut rows = Rows::wanted(machine, width);
    let mut processes = machine.top.len();
    let mut gaps = 0;
    if let Some(height) = height {
        let left = height.saturating_sub(taken);
        rows = rows.within(left.saturating_sub(processes).max(left / 3));
        processes = processes.min(left.saturating_sub(rows.lines()));
        gaps = left.saturating_sub(rows.lines() + processes);
    }

    let mut lines = vec![title(machine, width), subtitle(machine, seen, width)];
    let gap = |lines: &mut Vec<Line>, at_least: usize| {
        if gaps >= at_least {
            lines.push(Line::new());
        }
    };
    gap(&mut lines, 1);
    lines.push(processors(machine.cpu.as_ref(), width));
    lines.append(&mut cores);
    lines.extend(memory(machine, width));
    gap(&mut lines, 3);
    lines.extend(traffic(machine, rows, width));
    gap(&mut lines, 2);
    lines.extend(busiest(machine, processes, width));
    lines.truncate(height.unwrap_or(usize::MAX));
    lines
}

/// Cuts lines off, and says so in the last one that stays.
fn shorten(lines: &mut Vec<Line>, room: usize) {
    if lines.len() > room {
        let more = lines.len() - room + 1;
        lines.truncate(room - 1);
        lines
            .push(Line::new().with(Ink::Dim, format_args!("     {more} more lines of cores: the terminal is too low")));
    }
}

fn title(machine: &Machine, width: usize) -> Line {
    let host = &machine.host;
    let [one, five, fifteen] = machine.load.averages;
    let left = Line::new().with(Ink::Bold, &host.name).text(format_args!("  Linux {}", host.kernel));
    let load = Line::new().text(format_args!("load {one:.2} {five:.2} {fifteen:.2}"));
    let uptime = duration(Duration::from_millis(host.uptime));
    let both = Line::new().text(format_args!("up {uptime}  ")).and(load.clone());
    let right = if left.width() + 2 + both.width() <= width { both } else { load };
    left.and_right(right, width)
}

fn subtitle(machine: &Machine, seen: &Seen, width: usize) -> Line {
    let Seen { version, age, per_second, missed, stopped } = *seen;
    let age = if age < Duration::from_secs(1) {
        format!("{} ms old", age.as_millis())
    } else {
        format!("{:.1} s old", age.as_secs_f64())
    };
    let pace = per_second.map_or_else(|| "-".to_owned(), |pace| format!("{pace:.1}"));
    let missed_ink = if missed > 0 { Ink::Yellow } else { Ink::Dim };
    let left = Line::new()
        .with(if stopped { Ink::Red } else { Ink::Dim }, age)
        .if_fits(width, Ink::Dim, format_args!("  version {version}"))
        .if_fits(width, Ink::Dim, format_args!("  {pace} updates/s"))
        .if_fits(width, missed_ink, format_args!("  {missed} missed"));
    let right = if stopped {
        Line::new().with(Ink::Red, "the publisher has stopped")
    } else {
        Line::new().with(Ink::Dim, format_args!("publisher {}", machine.publisher.pid))
    };
    left.and_right(right, width)
}

fn processors(usage: Option<&Usage>, width: usize) -> Line {
    let none = Usage::default();
    let usage = usage.unwrap_or(&none);
    let Usage { user, system, iowait, steal, idle } = *usage;
    let line = heading("cpu")
        .and(bar(usage.busy(), bar_width(width)))
        .text(format_args!("{:>6.1} %", usage.busy()))
        .if_fits(width, Ink::Plain, format_args!("  user {user:4.1}"))
        .if_fits(width, Ink::Plain, format_args!("  system {system:4.1}"))
        .if_fits(width, Ink::Plain, format_args!("  iowait {iowait:4.1}"));
    // Only virtual machines know it, and few of them have it.
    let line = if steal >= 0.05 { line.if_fits(width, Ink::Plain, format_args!("  steal {steal:4.1}")) } else { line };
    line.if_fits(width, Ink::Plain, format_args!("  idle {idle:4.1}"))
}

fn cores(cores: &[Core], left_out: u32, width: usize) -> Vec<Line> {
    let indented = |line: Line| Line::new().up_to(HEADING).and(line);
    let width = width.saturating_sub(HEADING);
    let mut lines: Vec<Line> = if cores.len() <= BARS {
        const GAP: usize = 2;
        let per_line = ((width + GAP) / 20).clamp(1, cores.len().max(1));
        let column = (width + GAP) / per_line;
        let rows = cores.chunks(per_line);
        rows.map(|row| {
            let cells = row.iter().enumerate();
            indented(cells.fold(Line::new(), |line, (i, core)| line.up_to(i * column).and(cell(core, column - GAP))))
        })
        .collect()
    } else {
        const GROUP: usize = 8;
        // The number of the first core, then groups.
        let groups = (width.saturating_sub(4) / (GROUP + 1)).max(1);
        let rows = cores.chunks(groups * GROUP);
        rows.map(|row| {
            let label = Line::new().with(Ink::Dim, format_args!("{:>4}", row.first().map_or(0, |core| core.number)));
            indented(row.chunks(GROUP).fold(label, |line, group| group.iter().fold(line.text(" "), digit)))
        })
        .collect()
    };
    if cores.len() > BARS {
        lines.push(indented(Line::new().with(Ink::Dim, "     a digit is a core, from 0 for idle to 9 for busy")));
    }
    if left_out > 0 {
        lines.push(indented(Line::new().with(Ink::Yellow, format_args!("     {left_out} more cores"))));
    }
    lines
}

/// A core with its number and a bar.
fn cell(core: &Core, width: usize) -> Line {
    let label = format!("{:>2} ", core.number);
    let percent = core.usage.map_or_else(|| "   -".to_owned(), |usage| format!("{:>3.0}%", usage.busy()));
    let room = width.saturating_sub(label.len() + percent.len() + 1);
    let bar = bar(core.usage.map_or(0.0, |usage| usage.busy()), room);
    Line::new().with(Ink::Dim, label).and(bar).text(" ").text(percent)
}

/// A core as a digit: tenths of its time.
fn digit(line: Line, core: &Core) -> Line {
    match core.usage {
        Some(usage) => line.with(ink(usage.busy()), (usage.busy() / 10.0).clamp(0.0, 9.0) as u8),
        None => line.with(Ink::Dim, "-"),
    }
}

fn memory(machine: &Machine, width: usize) -> [Line; 2] {
    let memory = &machine.memory;
    let percent = if memory.total == 0 { 0.0 } else { (memory.used() as f64 / memory.total as f64 * 100.0) as f32 };
    let of = |used: u64, total: u64| format!("{} of {} used", bytes(used as f64), bytes(total as f64));
    let short = heading("mem").and(bar(percent, bar_width(width))).text(format_args!("{percent:>6.1} %")).if_fits(
        width,
        Ink::Plain,
        format_args!("  {}", of(memory.used(), memory.total)),
    );
    let kib = |bytes: u64| bytes / 1024;
    let mut exact = Line::new().up_to(HEADING).with(Ink::Dim, format_args!("total {} kB", kib(memory.total)));
    if let Some(available) = memory.available {
        exact = exact.if_fits(width, Ink::Dim, format_args!("  available {} kB", kib(available)));
    }
    exact = exact.if_fits(width, Ink::Dim, format_args!("  cached {} kB", kib(memory.cached)));
    if memory.swap_total > 0 {
        let used = memory.swap_total.saturating_sub(memory.swap_free);
        exact = exact.if_fits(width, Ink::Dim, format_args!("  swap {}", of(used, memory.swap_total)));
    }
    [short, exact]
}

/// How many lines interfaces and disks take, without headings.
#[derive(Clone, Copy, Debug)]
struct Rows {
    interfaces: usize,
    disks: usize,
    side_by_side: bool,
}

impl Rows {
    /// For all that is there, up to [`DEVICES`] of each.
    fn wanted(machine: &Machine, width: usize) -> Self {
        Self {
            interfaces: machine.interfaces.len().min(DEVICES),
            disks: machine.disks.len().min(DEVICES),
            side_by_side: width >= 2 * NARROWEST_COLUMN + COLUMN_GAP,
        }
    }

    /// With headings.
    fn lines(self) -> usize {
        if self.side_by_side { 1 + self.interfaces.max(self.disks) } else { 2 + self.interfaces + self.disks }
    }

    /// Fewer, so that they take `lines`, headings included, if that is possible.
    fn within(mut self, lines: usize) -> Self {
        while self.lines() > lines && (self.interfaces, self.disks) != (0, 0) {
            let longer = if self.interfaces > self.disks { &mut self.interfaces } else { &mut self.disks };
            *longer -= 1;
        }
        self
    }
}

const COLUMN_GAP: usize = 3;
const NARROWEST_COLUMN: usize = 36;

/// Interfaces and disks.
fn traffic(machine: &Machine, rows: Rows, width: usize) -> Vec<Line> {
    let column_width = if rows.side_by_side { (width - COLUMN_GAP) / 2 } else { width };
    let left_out = &machine.left_out;
    let network = ("network", ["received/s", "sent/s"]);
    let mut lines = column(network, &machine.interfaces, left_out.interfaces, rows.interfaces, column_width);
    let disk = ("disk", ["read/s", "written/s"]);
    let mut disks = column(disk, &machine.disks, left_out.disks, rows.disks, column_width);
    if rows.side_by_side {
        lines.resize(rows.lines(), Line::new());
        disks.resize(rows.lines(), Line::new());
        return lines.into_iter().zip(disks).map(|(l, r)| l.up_to(column_width + COLUMN_GAP).and(r)).collect();
    }
    lines.append(&mut disks);
    lines
}

/// A heading, and a line for each of the first devices.
fn column(headings: (&str, [&str; 2]), devices: &[Traffic], left_out: u32, rows: usize, width: usize) -> Vec<Line> {
    const NUMBER: usize = 11;
    let names = width.saturating_sub(2 * NUMBER).min(LONGEST_NAME);
    let (what, [inward, outward]) = headings;
    let more = devices.len().saturating_sub(rows) as u64 + u64::from(left_out);
    let title = Line::new().with(Ink::Bold, what);
    let title = if more > 0 { title.if_fits(names, Ink::Yellow, format_args!("  {more} more")) } else { title };
    let title = title.up_to(names).with(Ink::Dim, format_args!("{inward:>NUMBER$}{outward:>NUMBER$}"));
    let line = |device: &Traffic| {
        let name: String = device.name.chars().take(names).collect();
        let line = Line::new().text(name).up_to(names);
        [device.inward, device.outward].iter().fold(line, |line, flow| {
            let idle = flow.per_second.is_none_or(|rate| rate < 1.0);
            line.with(if idle { Ink::Dim } else { Ink::Plain }, format_args!("{:>NUMBER$}", per_second(flow)))
        })
    };
    std::iter::once(title).chain(devices.iter().take(rows).map(line)).collect()
}

fn busiest(machine: &Machine, rows: usize, width: usize) -> Vec<Line> {
    let names = width.saturating_sub(44).clamp(16, LONGEST_NAME);
    let shown = &machine.top[..rows.min(machine.top.len())];
    let title = Line::new().with(Ink::Bold, format_args!("{:>8}  {:<names$}", "pid", "process"));
    let title = title.with(Ink::Bold, format_args!("{:>9}{:>13}", "cpu %", "memory"));
    let others = u64::from(machine.processes).saturating_sub(shown.len() as u64);
    let title = title.and_right(Line::new().with(Ink::Dim, format_args!("{others} more")), width);
    let line = |process: &Process| {
        let name: String = process.name.chars().take(names).collect();
        let line = Line::new().text(format_args!("{:>8}  {name}", process.pid)).up_to(10 + names);
        let line = line
            .with(if process.cpu < 0.05 { Ink::Dim } else { ink(process.cpu) }, format_args!("{:>9.1}", process.cpu));
        line.text(format_args!("{:>13}", bytes(process.resident as f64)))
    };
    std::iter::once(title).chain(shown.iter().map(line)).collect()
}

/// Columns for the names of processes; those of the kernel's own threads are the longest.
const LONGEST_NAME: usize = 40;

/// Columns for the heading of a line.
const HEADING: usize = 5;

/// Columns for a bar with figures behind it, which take up to 58.
fn bar_width(width: usize) -> usize {
    width.saturating_sub(HEADING + 58).clamp(10, 40)
}

fn heading(what: &str) -> Line {
    Line::new().with(Ink::Bold, what).up_to(HEADING)
}

/// A bar of `width` columns; nothing where there is no room for one.
fn bar(percent: f32, width: usize) -> Line {
    if width < 4 {
        return Line::new();
    }
    let inside = width - 2;
    // What another program published may be no number at all: that is an empty bar.
    let full = ((percent / 100.0 * inside as f32).round() as usize).min(inside);
    Line::new().text("[").with(ink(percent), "|".repeat(full)).text(" ".repeat(inside - full)).text("]")
}

fn ink(percent: f32) -> Ink {
    match percent {
        p if p < 50.0 => Ink::Green,
        p if p < 85.0 => Ink::Yellow,
        _ => Ink::Red,
    }
}

fn per_second(flow: &Flow) -> String {
    flow.per_second.map_or_else(|| "-".to_owned(), bytes)
}

/// Bytes with a unit, in at most 8 columns up to a pebibyte.
fn bytes(n: f64) -> String {
    let mut n = n;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
        if n < 1000.0 {
            let decimals = usize::from(unit != "B" && n < 99.95);
            return format!("{n:.decimals$} {unit}");
        }
        n /= 1024.0;
    }
    format!("{n:.1} PiB")
}

/// Days, hours, minutes and seconds.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    format!("{days} d {hours:02}:{minutes:02}:{:02}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Room, Seen, bytes, duration, table};
    use crate::proc::memory::Memory;
    use crate::sysmon::record::{Core, Flow, Host, LeftOut, Machine, Process, Traffic, Usage};

    const PAPER: Room = Room { width: 80, height: None };

    fn seen() -> Seen {
        Seen { version: 42, age: Duration::from_millis(98), per_second: Some(10.0), missed: 0, stopped: false }
    }

    fn machine(cores: usize, devices: usize) -> Machine {
        let usage = Usage { user: 40.0, system: 5.0, iowait: 1.0, steal: 0.0, idle: 54.0 };
        let flow = Flow { total: 1 << 30, per_second: Some(1536.0) };
        let device = |n: usize| Traffic { name: format!("dev{n}").parse().unwrap(), inward: flow, outward: flow };
        let process = |pid| Process { pid, name: format!("p{pid}"), cpu: 12.5, resident: 3 << 20 };
        Machine {
            host: Host { name: "alpha".to_owned(), kernel: "6.1.0".to_owned(), uptime: 90_061_000 },
            cpu: Some(usage),
            cores: (0..cores as u32).map(|number| Core { number, usage: Some(usage) }).collect(),
            interfaces: (0..devices).map(device).collect(),
            disks: (0..devices / 2).map(device).collect(),
            processes: 100,
            top: (1..=10).map(process).collect(),
            ..Machine::default()
        }
    }

    fn shown(machine: &Machine, seen: &Seen, room: Room) -> Vec<String> {
        table(machine, seen, room).iter().map(|line| line.plain(room.width)).collect()
    }

    #[test]
    fn what_a_person_looks_for_is_there() {
        let text = shown(&machine(2, 2), &seen(), PAPER).join("\n");
        for part in [
            "alpha  Linux 6.1.0",
            "up 1 d 01:01:01",
            "98 ms old  version 42  10.0 updates/s  0 missed",
            "45.0 %  user 40.0  system  5.0  iowait  1.0  idle 54.0",
            "dev1                1.5 KiB    1.5 KiB",
            "       7  p7",
            "90 more",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(!text.contains("stopped"));
    }

    #[test]
    fn a_narrow_terminal_shows_whole_numbers_or_none() {
        let mut machine = machine(6, 6);
        machine.memory = Memory {
            total: 64 << 30,
            available: Some(9 << 30),
            swap_total: 1 << 30,
            swap_free: 1,
            ..Memory::default()
        };
        for width in 50..200 {
            for line in table(&machine, &seen(), Room { width, height: None }) {
                assert!(line.width() <= width, "{width}: {}", line.plain(1000));
            }
        }
    }

    #[test]
    fn a_stopped_publisher_is_said() {
        let text = shown(&machine(2, 2), &Seen { stopped: true, age: Duration::from_millis(3210), ..seen() }, PAPER);
        assert!(text[1].contains("3.2 s old") && text[1].ends_with("the publisher has stopped"), "{}", text[1]);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let left_out = LeftOut { cores: 16, interfaces: 3, disks: 0 };
        let text = shown(&Machine { left_out, ..machine(256, 20) }, &seen(), PAPER).join("\n");
        assert!(text.contains("16 more"), "{text}");
        // 12 more than are shown, and 3 that the record has no room for.
        assert!(text.contains("network  15 more"), "{text}");
        assert!(text.contains("disk  2 more"), "{text}");
    }

    #[test]
    fn many_cores_are_a_digit_each() {
        let text = shown(&machine(256, 1), &seen(), PAPER).join("\n");
        assert_eq!(text.matches("44444444").count(), 32, "{text}");
    }

    #[test]
    fn no_room_is_too_small() {
        for cores in [0, 1, 2, 16, 17, 256] {
            for width in [0, 1, 7, 20, 40, 79, 80, 200] {
                for height in 0..60 {
                    let room = Room { width, height: Some(height) };
                    let lines = shown(&machine(cores, 12), &seen(), room);
                    assert!(lines.len() <= height, "{} lines in {room:?}", lines.len());
                }
            }
        }
    }

    #[test]
    fn a_usual_terminal_shows_every_process_of_a_small_machine() {
        let lines = shown(&machine(4, 4), &seen(), Room { width: 80, height: Some(23) });
        assert!(lines.iter().any(|line| line.contains("  p10 ")), "{}", lines.join("\n"));
        for line in table(&machine(4, 4), &seen(), PAPER) {
            assert!(line.width() <= 80, "{}", line.plain(1000));
        }
    }

    #[test]
    fn numbers_that_are_none_are_shown_all_the_same() {
        let odd = Usage { user: f32::NAN, system: f32::INFINITY, iowait: -1.0, steal: f32::MAX, idle: 0.0 };
        let mut machine = machine(3, 3);
        machine.cpu = Some(odd);
        machine.cores[0].usage = Some(odd);
        machine.cores[1].usage = Some(Usage { user: f32::INFINITY, ..Usage::default() });
        machine.cores[2].usage = None;
        machine.memory.total = u64::MAX;
        machine.host.uptime = u64::MAX;
        machine.interfaces[0].inward.per_second = Some(f64::NAN);
        machine.interfaces[1].inward.per_second = None;
        machine.top[0].resident = u64::MAX;
        machine.top[0].cpu = f32::NEG_INFINITY;
        assert!(!shown(&machine, &seen(), PAPER).is_empty());
        assert!(!shown(&Machine::default(), &seen(), PAPER).is_empty());
    }

    #[test]
    fn bytes_have_few_columns() {
        let cases = [
            (0.0, "0 B"),
            (999.4, "999 B"),
            (1000.0, "1.0 KiB"),
            (1536.0, "1.5 KiB"),
            (102_400.0, "100 KiB"),
            (4e9, "3.7 GiB"),
        ];
        for (n, text) in cases {
            assert_eq!(bytes(n), text);
        }
    }

    #[test]
    fn durations_have_days() {
        assert_eq!(duration(Duration::from_secs(2 * 86400 + 3 * 3600 + 4 * 60 + 5)), "2 d 03:04:05");
    }
}
