//! `shmrec top`: all segments on the full screen, and the inside of one.
//!
//! A thread of its own looks at the segments, so that neither a large record nor a busy writer keeps the screen from
//! answering; what it has seen comes over a channel. The screen makes values of those bytes only that it shows.
//!
//! - `sampler` looks; `snapshot` is what it sees.
//! - `app` is the state of the screen, and what keys do to it; `rows` is a record as rows that open and close; `plot` a
//!   number over time.
//! - `draw` shows it.

mod app;
mod draw;
mod plot;
mod preview;
mod rows;
mod sampler;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};

use crate::arguments::Top;
use crate::context::Context;
use crate::failed::{Code, Failed, Outcome};
use crate::signals::End;
use app::App;
use sampler::Sampler;

/// How often the screen is drawn when nothing happens, so that what has changed fades.
const REDRAW: Duration = Duration::from_millis(100);

pub(crate) fn run(context: &Context, arguments: &Top) -> Outcome {
    if context.output.json {
        return Err(
            Failed::new(Code::Usage, "top has no JSON").hint("`shmrec list --json` and `shmrec watch NAME --json` do")
        );
    }
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Failed::new(Code::Usage, "top needs a terminal")
            .hint("`shmrec list` and `shmrec watch NAME` write to pipes"));
    }
    if let Some(name) = &arguments.name {
        // Said before the screen is taken.
        context.observe(name)?;
    }
    let directory = context.survey().directory();
    let interval = arguments.interval.max(Duration::from_millis(20));
    let sampler = Sampler::start(context.options(), interval)?;
    let mut app = App::new(&directory, context.output.has_color());
    if let Some(name) = &arguments.name {
        let key = context.survey().look_at(name)?.and_then(|found| found.key);
        app.open(name, key);
    }
    let end = End::on_signals()?;
    let mut terminal = ratatui::try_init()?;
    let outcome = show(&mut terminal, &mut app, &sampler, &end);
    ratatui::restore();
    outcome
}

fn show(terminal: &mut DefaultTerminal, app: &mut App, sampler: &Sampler, end: &End) -> Outcome {
    while !app.is_over() && !end.is_told() {
        sampler.look_into(app.opened());
        for snapshot in sampler.seen() {
            app.see(snapshot);
        }
        terminal.draw(|frame| draw::draw(app, frame))?;
        let redraw = Instant::now() + REDRAW;
        // Keys that were typed meanwhile are all taken before the next drawing.
        let mut left = REDRAW;
        while event::poll(left)? {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => app.press(key),
                _ => {}
            }
            left = Duration::ZERO;
            if Instant::now() > redraw {
                break;
            }
        }
    }
    Ok(())
}
