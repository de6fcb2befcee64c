//! Takes the picture of `shmrec top` that is in the documentation:
//!
//! ```sh
//! cargo build -p shmrec-cli && cargo run -p shmrec-cli --example screenshot > docs/top.svg
//! ```
//!
//! The built command runs in a pseudo-terminal on a segment that this program writes; keys are typed, and the screen is
//! written as SVG, cell by cell.

#[path = "../tests/support/terminal.rs"]
mod terminal;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shmrec::{SegmentOptions, SharedRecord};
use terminal::{DOWN, RIGHT, Terminal};

/// One of the robot's axes.
#[derive(SharedRecord, Clone, Debug)]
struct Axis {
    position: f64,
    torque: f32,
    limits: [f32; 2],
}

#[derive(SharedRecord, Clone, Debug)]
enum Task {
    Idle,
    Move { to: [f64; 3], speed: f32 },
}

/// Where the robot is, and what it does.
#[derive(SharedRecord, Clone, Debug)]
struct Robot {
    seq: u64,
    #[record(capacity = 16)]
    name: String,
    task: Task,
    axes: [Axis; 3],
    gripper: Option<f32>,
    #[record(capacity = 8)]
    faults: Vec<u16>,
}

fn robot(seq: u64) -> Robot {
    let t = seq as f64 / 60.0;
    let axis = |i: u32| {
        let phase = t + f64::from(i);
        Axis { position: (phase.sin() * 1e4).round() / 1e4, torque: (phase.cos() * 8.0) as f32, limits: [-1.5, 1.5] }
    };
    let task = if seq % 400 < 60 { Task::Idle } else { Task::Move { to: [0.4, -0.1, 0.25], speed: 0.5 } };
    Robot { seq, name: "left arm".into(), task, axes: [axis(0), axis(1), axis(2)], gripper: Some(0.35), faults: vec![] }
}

const SIZE: (u16, u16) = (28, 100);

fn main() {
    let dir = std::env::temp_dir().join(format!("shmrec-screenshot-{}", std::process::id()));
    std::fs::create_dir(&dir).expect("a directory");
    let picture = picture(&dir);
    let _ = std::fs::remove_dir_all(&dir);
    println!("{picture}");
}

fn picture(dir: &std::path::Path) -> String {
    let options = SegmentOptions::new().dir(dir);
    let segment = options.create_with("robot", &robot(0)).expect("a segment");
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for seq in 1.. {
                if end.load(Ordering::Relaxed) || segment.write(&robot(seq)).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let program = std::env::current_exe().expect("this program's own file");
        let program = program.parent().and_then(std::path::Path::parent).expect("target/<profile>").join("shmrec");
        let mut top = Terminal::start(program, dir, &["top", "robot", "--interval", "50ms"], SIZE);
        top.until_shown("axes");
        for key in [DOWN, DOWN, DOWN, RIGHT, DOWN, RIGHT, DOWN, "p"] {
            top.press(key);
        }
        top.until_shown("axes[0].position = ");
        // The plot is to show more than one swing.
        let until = Instant::now() + Duration::from_secs(12);
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        let picture = top.with_screen(svg);
        top.press("q");
        top.end();
        end.store(true, Ordering::Relaxed);
        picture
    })
}

/// A screen as SVG: runs of cells with the same look are one text each.
fn svg(screen: &vt100::Screen) -> String {
    const WIDTH: f64 = 8.4;
    const HEIGHT: f64 = 18.0;
    const PAD: f64 = 12.0;
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let (width, height) = (f64::from(columns) * WIDTH + 2.0 * PAD, f64::from(rows) * HEIGHT + 2.0 * PAD);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans Mono, Menlo, \
         Consolas, monospace\" font-size=\"14\">\n<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#16181d\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let Some(first) = screen.cell(row, column) else { break };
            let look = Look::of(first);
            let begin = column;
            let mut text = String::new();
            while let Some(cell) = screen.cell(row, column).filter(|cell| Look::of(cell) == look) {
                if !cell.is_wide_continuation() {
                    text.push_str(if cell.has_contents() { cell.contents() } else { " " });
                }
                column += 1;
                if column == columns {
                    break;
                }
            }
            let (x, y) = (PAD + f64::from(begin) * WIDTH, PAD + f64::from(row) * HEIGHT);
            let run = f64::from(column - begin) * WIDTH;
            if let Some(fill) = look.back {
                out.push_str(&format!(
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{run:.1}\" height=\"{HEIGHT}\" fill=\"{fill}\"/>\n"
                ));
            }
            if !text.trim().is_empty() {
                let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
                let opacity = if look.dim { " fill-opacity=\"0.6\"" } else { "" };
                out.push_str(&format!(
                    "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{run:.1}\" xml:space=\"preserve\" fill=\"{}\"{weight}{opacity}>{}</text>\n",
                    y + 14.0,
                    look.front,
                    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
                ));
            }
        }
    }
    out.push_str("</svg>");
    out
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    front: &'static str,
    back: Option<&'static str>,
    bold: bool,
    dim: bool,
}

impl Look {
    fn of(cell: &vt100::Cell) -> Self {
        const COLOURS: [&str; 8] =
            ["#16181d", "#f07178", "#c3e88d", "#ffcb6b", "#82aaff", "#c792ea", "#89ddff", "#d5d9e0"];
        let front = match cell.fgcolor() {
            vt100::Color::Idx(i) => COLOURS[usize::from(i) % 8],
            _ => "#d5d9e0",
        };
        let (front, back) = if cell.inverse() { ("#16181d", Some(front)) } else { (front, None) };
        Self { front, back, bold: cell.bold(), dim: cell.dim() }
    }
}
