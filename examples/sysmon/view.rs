//! The viewer.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use shmrec::{LinkError, Reader, WaitError};
use shmrec_examples::clock;
use shmrec_examples::sysmon::record::Machine;
use shmrec_examples::sysmon::table::{Seen, table};

use crate::child::{Ended, Started};
use crate::failed::Failed;
use crate::screen::Screen;
use crate::{SILENCE, Work};

/// The longest time in which a viewer does not look whether it is over.
const LOOK: Duration = Duration::from_millis(100);

/// Shows the figures until the work is over. `may_start` says whether to start a publisher when there is none.
pub(crate) fn view(work: &Work, may_start: bool) -> Result<(), Failed> {
    let mut helper = Helper { may_start, started: None };
    let Some(reader) = link(work, &mut helper)? else { return Ok(()) };
    let shown = watch(work, &reader, &mut helper);
    // This program's link goes first: its own publisher, the last user then, takes the name with it.
    reader.release()?;
    match shown {
        // Whoever reads the table has seen enough: `sysmon | head`.
        Err(Failed::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Links to the segment as soon as there is one; nothing when it is over before.
fn link(work: &Work, helper: &mut Helper) -> Result<Option<Reader<Machine>>, Failed> {
    let mut said = false;
    loop {
        match work.options.reader_wait(&work.name, work.at_most(LOOK.min(helper.pause()))) {
            Ok(reader) => return Ok(Some(reader)),
            Err(LinkError::NotFound(_)) if work.stop.is_told() => return Ok(None),
            Err(LinkError::NotFound(_)) if work.is_over() => return Err(Failed::Nobody { name: work.name.clone() }),
            Err(LinkError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(words) = helper.help(work)? {
            return Err(Failed::Publisher(words));
        }
        if !helper.may_start && !said {
            said = true;
            eprintln!("sysmon: nobody publishes as {:?} yet: waiting for `sysmon publish`", work.name);
        }
    }
}

/// Follows the versions and shows the last one now and then.
fn watch(work: &Work, reader: &Reader<Machine>, helper: &mut Helper) -> Result<(), Failed> {
    let mut screen = Screen::new();
    let mut last = reader.read_versioned()?;
    let mut follower = reader.follow();
    let mut came = Instant::now();
    let mut pace = Pace::default();
    pace.add(last.version.get());
    let mut draw_at = Instant::now();
    loop {
        let now = Instant::now();
        let stopped = now.duration_since(came) > SILENCE;
        if stopped && helper.may_start && helper.help(work)?.is_some() {
            // One failure is enough. The table says that nobody publishes any more.
            helper.may_start = false;
        }
        if now >= draw_at {
            let seen = Seen {
                version: last.version.get(),
                age: clock::age(last.taken),
                per_second: pace.per_second(),
                missed: follower.missed(),
                stopped,
            };
            screen.draw(|room| table(&last, &seen, room)).map_err(Failed::Output)?;
            draw_at = (draw_at + screen.period()).max(now);
        }
        if work.is_over() {
            return Ok(());
        }
        let pause = LOOK.min(draw_at.saturating_duration_since(now));
        match follower.next(work.at_most(pause)) {
            Ok(newer) => {
                last = newer;
                came = Instant::now();
                pace.add(last.version.get());
            }
            Err(WaitError::Timeout(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A publisher of this viewer's own, when it is needed and allowed.
#[derive(Debug)]
struct Helper {
    may_start: bool,
    started: Option<Started>,
}

impl Helper {
    /// How long to wait for somebody else's publisher.
    fn pause(&self) -> Duration {
        // Not at all for the first time: there is none, or it is there.
        if self.may_start && self.started.is_none() { Duration::ZERO } else { Duration::MAX }
    }

    /// Starts a publisher, if this viewer has none. Gives the words of one that failed.
    fn help(&mut self, work: &Work) -> Result<Option<String>, Failed> {
        match self.started.as_mut().map(Started::ended) {
            None if self.may_start => self.started = Some(Started::start(work)?),
            None | Some(None) => {}
            Some(Some(Ended::Gone)) => self.started = None,
            Some(Some(Ended::Failed(words))) => {
                self.started = None;
                return Ok(Some(words));
            }
        }
        Ok(None)
    }
}

/// The versions of the last two seconds, and when they came.
#[derive(Debug, Default)]
struct Pace(VecDeque<(Instant, u64)>);

impl Pace {
    fn add(&mut self, version: u64) {
        self.0.push_back((Instant::now(), version));
        while self.0.front().is_some_and(|(came, _)| came.elapsed() > Duration::from_secs(2)) {
            self.0.pop_front();
        }
    }

    /// Versions per second, those that were missed included; nothing before there are two.
    fn per_second(&self) -> Option<f64> {
        let ((first_came, first), (last_came, last)) = (self.0.front()?, self.0.back()?);
        let time = last_came.duration_since(*first_came).as_secs_f64();
        (time > 0.0).then(|| last.saturating_sub(*first) as f64 / time)
    }
}
