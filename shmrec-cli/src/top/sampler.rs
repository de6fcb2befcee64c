//! The thread that looks at segments.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use shmrec::survey::{Found, Survey};
use shmrec::{DynReader, DynRecord, Key, Process, ReadError, SegmentOptions};

/// Looking through all processes takes a while, and they do not change so often.
const PROCESSES: Duration = Duration::from_secs(1);

/// All that was seen at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) at: Instant,
    pub(crate) found: Vec<Found>,
    /// Why nothing was found.
    pub(crate) error: Option<String>,
    pub(crate) inside: Option<Inside>,
}

/// The segment to look into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) key: Option<Key>,
}

/// The inside of the segment that is open.
#[derive(Clone, Debug)]
pub(crate) struct Inside {
    pub(crate) of: Wish,
    /// Which link saw it: versions of two segments that had the name one after the other say nothing about each other.
    pub(crate) link: u64,
    /// The last version, or why there is none.
    pub(crate) record: Result<Arc<DynRecord>, String>,
    pub(crate) processes: Vec<Process>,
}

/// The thread, and the channel that it sends what it sees through.
#[derive(Debug)]
pub(crate) struct Sampler {
    snapshots: Receiver<Snapshot>,
    /// The name of the segment to look into. Dropped, the thread ends.
    wishes: Sender<()>,
    wish: Arc<Mutex<Option<Wish>>>,
}

impl Sampler {
    pub(crate) fn start(options: SegmentOptions, interval: Duration) -> io::Result<Self> {
        let (sender, snapshots) = mpsc::channel();
        let (wishes, wished) = mpsc::channel();
        let wish = Arc::new(Mutex::new(None));
        // Writers who overtake a copy for so long are left to the next look.
        let options = options.observe(true).read_timeout(interval.min(Duration::from_millis(100)));
        let eye = Eye { survey: Survey::new(&options), options, open: None, links: 0, processes: (None, Vec::new()) };
        let shared = Arc::clone(&wish);
        thread::Builder::new()
            .name("sampler".to_owned())
            .spawn(move || eye.look(interval, &shared, &sender, &wished))?;
        Ok(Self { snapshots, wishes, wish })
    }

    /// Says which segment to look into.
    pub(crate) fn look_into(&self, wanted: Option<Wish>) {
        let mut wish = self.wish.lock().unwrap_or_else(PoisonError::into_inner);
        if *wish != wanted {
            *wish = wanted;
            // The thread lives as long as this does.
            let _ = self.wishes.send(());
        }
    }

    /// What was seen since the last time.
    pub(crate) fn seen(&self) -> impl Iterator<Item = Snapshot> {
        self.snapshots.try_iter()
    }
}

struct Eye {
    options: SegmentOptions,
    survey: Survey,
    open: Option<DynReader>,
    /// How often one has been opened.
    links: u64,
    processes: (Option<Instant>, Vec<Process>),
}

impl Eye {
    fn look(mut self, interval: Duration, wish: &Mutex<Option<Wish>>, to: &Sender<Snapshot>, wished: &Receiver<()>) {
        loop {
            let begun = Instant::now();
            let wish = wish.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let (found, error) = match self.survey.look() {
                Ok(found) => (found, None),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
            let inside = wish.map(|wish| self.inside(wish));
            if to.send(Snapshot { at: Instant::now(), found, error, inside }).is_err() {
                return;
            }
            // A wish is fulfilled at once.
            match wished.recv_timeout(interval.saturating_sub(begun.elapsed())) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn inside(&mut self, of: Wish) -> Inside {
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.name() != of.name || open.key() != of.key || !open.is_current().unwrap_or(false))
        {
            self.open = None;
            self.processes = (None, Vec::new());
        }
        let record = self.record(&of);
        if let Some(open) = &self.open
            && self.processes.0.is_none_or(|at| at.elapsed() >= PROCESSES)
        {
            self.processes = (Some(Instant::now()), open.processes().unwrap_or_default());
        }
        Inside { of, link: self.links, record, processes: self.processes.1.clone() }
    }

    fn record(&mut self, of: &Wish) -> Result<Arc<DynRecord>, String> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let options = self.options.clone();
                let options = if let Some(key) = of.key { options.key(key) } else { options };
                let open = options.dyn_reader(&of.name).map_err(|error| error.to_string())?;
                self.links += 1;
                open
            }
        };
        let record = open.read().map(Arc::new).map_err(|error| match error {
            ReadError::NotYetWritten(_) => "nothing has been written yet".to_owned(),
            error => error.to_string(),
        });
        self.open = Some(open);
        record
    }
}
