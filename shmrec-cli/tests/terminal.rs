//! `top` and `watch` on a real pseudo-terminal: keys are typed, and the screen is read.
#![cfg(target_os = "linux")]

#[path = "support/records.rs"]
mod records;
#[path = "support/mod.rs"]
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use records::{Room, robot, room};
use shmrec::{Segment, SharedRecord};
use support::{Dir, SHMREC};
use terminal::{DOWN, END, ESCAPE, LEFT, RIGHT, Terminal, UP, cells};

const SIZE: (u16, u16) = (30, 110);

fn top(dir: &Dir, arguments: &[&str]) -> Terminal {
    Terminal::start(SHMREC, dir.path(), &[&["top"], arguments].concat(), SIZE)
}

/// Runs `during` while a thread calls `write` again and again.
fn while_writing<R>(mut write: impl FnMut(u32) + Send, during: impl FnOnce() -> R) -> R {
    struct End<'e>(&'e AtomicBool);
    impl Drop for End<'_> {
        // Also when `during` panics.
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                write(n);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let _end = End(&end);
        during()
    })
}

#[test]
fn top_lists_segments_with_their_rates_and_ends_as_it_began() {
    let dir = Dir::new();
    let _robot = dir.options().create_with("robot", &robot()).unwrap();
    let busy = dir.options().create_with("busy", &room(1)).unwrap();
    while_writing(
        |n| drop(busy.write(&room(n as u8))),
        || {
            let mut top = top(&dir, &[]);
            top.until_shown("2 segments, 2 in use");
            top.until("the rate of what is written", |text| {
                let line = text.lines().find(|line| line.starts_with("busy")).unwrap_or_default().to_owned();
                let rate: Option<f64> = line.split_whitespace().nth(5).and_then(|rate| rate.parse().ok());
                line.contains("Room") && line.contains("healthy") && rate.is_some_and(|rate| rate > 0.0)
            });
            // Under its heading, where nothing is drawn over it.
            top.until("the age of what is written", |text| {
                let age_ends = text.lines().nth(1).and_then(|heading| heading.find("AGE")).map(|at| at + "AGE".len());
                let busy = text.lines().find(|line| line.starts_with("busy")).unwrap_or_default();
                let before: String = busy.chars().take(age_ends.unwrap_or_default()).collect();
                before.rsplit(' ').next().is_some_and(|age| age.starts_with('<'))
            });
            top.until("and a spark of it", |text| {
                text.lines()
                    .any(|line| line.starts_with("busy") && line.contains(['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']))
            });
            assert!(top.line("robot").contains("Robot"));
            assert!(top.with_screen(vt100::Screen::alternate_screen));
            top.press("q");
            assert_eq!(top.end(), 0);
            top.until("the terminal as it was", |text| text.trim().is_empty());
            assert!(!top.with_screen(|screen| screen.alternate_screen() || screen.hide_cursor()));
        },
    );
}

#[test]
fn top_opens_a_segment_and_goes_through_its_fields() {
    let dir = Dir::new();
    let _robot = dir.options().create_with("robot", &robot()).unwrap();
    let _room = dir.options().create_with("room", &room(1)).unwrap();
    let mut top = top(&dir, &[]);
    top.until_shown("2 segments");
    // The second, and back.
    top.press(DOWN);
    top.press("\r");
    top.until_shown("kitchen");
    top.press(ESCAPE);
    top.until_shown("2 segments");
    top.press(UP);
    top.press("\r");
    top.until_shown("serial");
    assert!(top.line("users").contains(&format!("1: process {}", std::process::id())));
    assert!(top.line("lock ").contains("free"));
    // What another user's program wrote commands no terminal.
    assert!(top.line("name").contains("\\u{1b}[31m"));

    // Open the axes, the second axis, its limits; and close them.
    for _ in 0..6 {
        top.press(DOWN);
    }
    top.press(RIGHT);
    top.until_shown("▾ axes");
    top.press(DOWN);
    top.press(DOWN);
    top.press("\r");
    top.until_shown("    ▸ limits");
    assert!(top.line("      position").contains("2.5"));
    top.press(LEFT);
    top.until("the axis closed", |text| !text.contains("      position"));
    // Once more goes to what it is a part of, and closes that.
    top.press(LEFT);
    top.press(LEFT);
    top.until("the axes closed", |text| text.contains("▸ axes"));

    top.press("?");
    top.until_shown("plot a number over time");
    top.press("x");
    top.until("the help closed", |text| !text.contains("plot a number over time"));
    top.press("q");
    assert_eq!(top.end(), 0);
}

#[test]
fn top_follows_values_plots_them_and_stops_when_told() {
    let dir = Dir::new();
    let segment = dir.options().create_with("room", &room(0)).unwrap();
    while_writing(
        |n| {
            let target = (f64::from(n) / 20.0).sin() as f32;
            drop(segment.write(&Room { target, ..room(n as u8) }));
        },
        || {
            let mut top = top(&dir, &["room"]);
            let first = top.line("level");
            top.until("another level", |text| text.lines().any(|line| line.contains("level") && line != first));
            top.until("it stands out", |_| {
                top.with_screen(|screen| cells(screen).any(|(row, _, cell)| row > 4 && cell.bold()))
            });
            top.press(DOWN);
            top.press("p");
            top.until("a plot", |text| {
                text.contains("target = ") && text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
            });
            top.press(" ");
            top.until_shown("paused");
            let still = top.line("level");
            std::thread::sleep(Duration::from_millis(600));
            assert_eq!(top.line("level"), still);
            top.press(" ");
            top.until("it goes on", |text| text.lines().any(|line| line.contains("level") && *line != still));
            top.press(ESCAPE);
            top.until("the plot closed", |text| !text.contains("target = "));
            top.press(ESCAPE);
            top.until_shown("1 segment, 1 in use");
            top.press("\u{3}");
            assert_eq!(top.end(), 0);
        },
    );
}

#[test]
fn top_shows_who_has_the_lock_and_that_a_segment_has_gone() {
    let dir = Dir::new();
    let segment = dir.options().create_with("room", &room(1)).unwrap();
    let top = top(&dir, &["room"]);
    top.until("a free lock", |text| text.lines().any(|line| line.starts_with("lock") && line.contains("free")));
    let guard = segment.lock().unwrap();
    top.until_shown(&format!("held by process {}", std::process::id()));
    drop(guard);
    top.until("a free lock", |text| text.lines().any(|line| line.starts_with("lock") && line.contains("free")));
    // It is in nobody's way.
    assert_eq!(segment.users().unwrap(), 1);
    drop(segment);
    assert!(!dir.file("room").exists());
    top.until_shown("it has gone");
    // Of a segment that has no record yet nothing is shown, least of all the last one's.
    let empty = dir.options().create::<Room>("room").unwrap();
    top.until("no record", |text| text.contains("nothing has been written yet") && !text.contains("kitchen"));
    drop(empty);
    top.until_shown("it has gone");
    // Its first version is number 1 too, as the first one's.
    let _again = dir.options().create_with("room", &room(77)).unwrap();
    top.until("the record of the next of its name", |text| {
        text.contains("healthy") && text.lines().any(|line| line.contains("level") && line.contains("77"))
    });
}

#[derive(SharedRecord)]
struct Frame {
    number: u64,
    pixels: [u32; 2_600_000],
}

/// Publishes large records without ever having one on the stack.
fn publish_frames(dir: &Dir) -> Segment<Frame> {
    let segment = dir.options().slots(2).create::<Frame>("frame").unwrap();
    segment.set_first();
    segment
}

trait First {
    fn set_first(&self);
}

impl First for Segment<Frame> {
    fn set_first(&self) {
        // A box is made on the heap from the start.
        let mut frame: Box<Frame> = {
            let pixels: Box<[u32; 2_600_000]> = vec![7; 2_600_000].into_boxed_slice().try_into().expect("the length");
            Box::new(Frame { number: 1, pixels: *pixels })
        };
        frame.pixels[2_599_999] = 4242;
        self.write(&frame).unwrap();
    }
}

#[test]
fn ten_megabytes_of_record_do_not_keep_top_from_answering() {
    // A frame passes through the stack once, where it is made.
    let tried = std::thread::Builder::new().stack_size(64 << 20).spawn(|| {
        let dir = Dir::new();
        let segment = publish_frames(&dir);
        let fields = Frame::fields();
        while_writing(
            |n| drop(segment.set(fields.number, &u64::from(n))),
            || {
                let mut top = top(&dir, &["frame"]);
                top.until_shown("9.9 MiB");
                top.until_shown("▸ pixels");
                top.press(DOWN);
                top.press(RIGHT);
                top.until_shown("[3]");
                top.press(END);
                top.until_shown("[2599999]");
                assert!(top.line("[2599999]").contains("4242"));
                top.press("g");
                let first = top.line("number");
                top.until("the number goes on", |text| {
                    text.lines().any(|line| line.contains("number") && line != first)
                });
                top.press("q");
                assert_eq!(top.end(), 0);
            },
        );
    });
    tried.unwrap().join().unwrap();
}

#[test]
fn top_fits_any_size() {
    let dir = Dir::new();
    let _robot = dir.options().create_with("robot", &robot()).unwrap();
    let mut top = top(&dir, &["robot"]);
    top.until_shown("serial");
    top.press("p");
    for size in [(10, 40), (3, 10), (1, 1), (2, 200), (60, 20), (40, 132)] {
        top.resize(size);
        top.press("?");
        top.press("?");
        std::thread::sleep(Duration::from_millis(150));
    }
    top.until("all of it again", |text| text.contains("samples") && text.contains("q quit"));
    top.press(ESCAPE);
    top.until("the plot closed", |text| !text.contains("serial = "));
    top.press(ESCAPE);
    for size in [(2, 30), (1, 1), (30, 80)] {
        top.resize(size);
        std::thread::sleep(Duration::from_millis(150));
    }
    top.until("the list again", |text| text.contains("robot") && text.contains("healthy"));
    // A key that comes together with a change of the size may wait in the terminal library for the next key (crossterm
    // reads one of the two, and is told of the other only when there is more): a person presses it again.
    assert_eq!(top.end_by("q"), 0);
}

#[test]
fn top_filters_and_sorts() {
    let dir = Dir::new();
    let _segments: Vec<_> =
        ["alpha", "beta", "gamma"].map(|name| dir.options().create_with(name, &room(1)).unwrap()).into();
    let _robot = dir.options().create_with("delta", &robot()).unwrap();
    let mut top = top(&dir, &[]);
    top.until_shown("4 segments");
    top.press("/");
    top.press("MM");
    top.until("only one", |text| text.contains("gamma") && !text.contains("alpha"));
    top.press("\r\r");
    top.until_shown("kitchen");
    // Together they would be one key to the terminal.
    top.press(ESCAPE);
    top.until_shown("/MM");
    top.press(ESCAPE);
    top.until_shown("alpha");
    top.press("ss");
    top.until_shown("by size");
    top.until("the largest first", |text| text.lines().nth(2).is_some_and(|line| line.starts_with("delta")));
    top.press("q");
    assert_eq!(top.end(), 0);
}

#[test]
fn watch_on_a_terminal_has_colours_and_ends_with_a_sum() {
    let dir = Dir::new();
    let segment = dir.options().create_with("robot", &robot()).unwrap();
    let mut watch = Terminal::start(SHMREC, dir.path(), &["watch", "robot", "serial", "name"], SIZE);
    watch.until_shown("serial=7");
    assert!(watch.text().contains("\\u{1b}[31m"), "{}", watch.text());
    segment.set(records::Robot::fields().serial, &8).unwrap();
    watch.until_shown("serial=8");
    assert!(watch.with_screen(|screen| cells(screen).any(|(.., cell)| cell.fgcolor() != vt100::Color::Default)));
    watch.press("\u{3}");
    assert_eq!(watch.end(), 0);
    watch.until_shown("2 lines, 0 missed");
}

#[test]
fn no_colour_is_no_colour() {
    let dir = Dir::new();
    let _room = dir.options().create_with("room", &room(1)).unwrap();
    for (variable, coloured) in [("", true), ("1", false)] {
        let words = format!("NO_COLOR={variable} {SHMREC} list --interval 0; {SHMREC} get room.name");
        let mut shell = Terminal::start("sh", dir.path(), &["-c", &words], SIZE);
        assert_eq!(shell.end(), 0);
        shell.until_shown("kitchen");
        assert_eq!(shell.written().contains("\u{1b}[3"), coloured, "{:?}", shell.written());
    }
}

#[test]
fn what_get_prints_on_a_terminal_commands_nothing() {
    let dir = Dir::new();
    let _robot = dir.options().create_with("robot", &robot()).unwrap();
    let mut get = Terminal::start(SHMREC, dir.path(), &["get", "robot.name"], SIZE);
    assert_eq!(get.end(), 0);
    get.until_shown("arm\\u{1b}[31m");
}

#[test]
fn record_shows_how_far_it_has_come() {
    let dir = Dir::new();
    let segment = dir.options().create_with("room", &room(1)).unwrap();
    let file = dir.path().join("room.rec");
    while_writing(
        |n| drop(segment.write(&room(n as u8))),
        || {
            let mut record = Terminal::start(SHMREC, dir.path(), &["record", "room", file.to_str().unwrap()], SIZE);
            record.until("progress", |text| text.contains(" versions, ") && text.contains(" missed, "));
            record.press("\u{3}");
            assert_eq!(record.end(), 0);
        },
    );
}
