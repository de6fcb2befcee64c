//! The state of the screen, and what keys do to it.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shmrec::schema::Schema;
use shmrec::survey::Found;
use shmrec::{DynRecord, Key, Value};

use super::plot::Plot;
use super::rows::{self, Node, Row};
use super::sampler::{Inside, Snapshot, Wish};
use crate::commands::list::{Pulse, Pulses};

/// How long a value that has changed stands out.
pub(crate) const FRESH: Duration = Duration::from_millis(700);

/// How many rates a sparkline has at most.
const RATES: usize = 120;

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Name,
    Rate,
    Size,
}

/// All that the screen shows.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) directory: PathBuf,
    pub(crate) color: bool,
    pub(crate) found: Vec<Found>,
    pub(crate) error: Option<String>,
    pulses: Pulses,
    rates: HashMap<[u8; 16], Rates>,
    pub(crate) order: Order,
    /// The file that the cursor is on: a name may stand for a file and a System V segment.
    selected: Option<PathBuf>,
    pub(crate) filter: Filter,
    pub(crate) help: bool,
    pub(crate) open: Option<Open>,
    /// Rows of the list or the record that were on the screen: how far a page goes.
    pub(crate) page: usize,
    over: bool,
}

/// Writes between looks, for the sparkline.
#[derive(Debug)]
struct Rates {
    last: (Instant, u64),
    per_second: VecDeque<u64>,
}

/// Only names that contain it are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) text: String,
    /// Whether keys go to it.
    pub(crate) typing: bool,
}

/// The segment that is open.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) name: String,
    pub(crate) key: Option<Key>,
    pub(crate) inside: Option<Inside>,
    /// The record as it is shown: the last one whole, also while the segment cannot be read.
    pub(crate) record: Option<Arc<DynRecord>>,
    /// The link that it came through.
    link: u64,
    /// What the rows that are open, the plot and the cursor are of.
    schema: Option<Schema>,
    before: Option<Arc<DynRecord>>,
    changed: HashMap<Vec<usize>, Instant>,
    pub(crate) root: Node,
    pub(crate) cursor: usize,
    pub(crate) top: usize,
    pub(crate) plot: Option<Plot>,
    pub(crate) paused: bool,
}

impl App {
    pub(crate) fn new(directory: &Path, color: bool) -> Self {
        Self {
            directory: directory.to_owned(),
            color,
            found: Vec::new(),
            error: None,
            pulses: Pulses::default(),
            rates: HashMap::new(),
            order: Order::default(),
            selected: None,
            filter: Filter::default(),
            help: false,
            open: None,
            page: 10,
            over: false,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// The segment that is to be looked into.
    pub(crate) fn opened(&self) -> Option<Wish> {
        self.open.as_ref().map(|open| Wish { name: open.name.clone(), key: open.key })
    }

    pub(crate) fn open(&mut self, name: &str, key: Option<Key>) {
        self.open = Some(Open {
            name: name.to_owned(),
            key,
            inside: None,
            record: None,
            link: 0,
            schema: None,
            before: None,
            changed: HashMap::new(),
            root: Node::root(),
            cursor: 0,
            top: 0,
            plot: None,
            paused: false,
        });
    }

    /// Takes what was seen.
    pub(crate) fn see(&mut self, snapshot: Snapshot) {
        self.pulses.see(&snapshot.found, snapshot.at);
        self.pulses.forget_others(&snapshot.found);
        self.rates(&snapshot);
        if let (Some(open), Some(inside)) = (&mut self.open, snapshot.inside) {
            open.see(inside, snapshot.at);
        }
        self.found = snapshot.found;
        self.error = snapshot.error;
    }

    fn rates(&mut self, snapshot: &Snapshot) {
        let mut all = std::mem::take(&mut self.rates);
        for found in &snapshot.found {
            let (Some(about), Some(content)) = (&found.about, &found.content) else { continue };
            let version = content.version.get();
            let mut rates = all
                .remove(&about.instance)
                .unwrap_or_else(|| Rates { last: (snapshot.at, version), per_second: VecDeque::new() });
            let span = snapshot.at.saturating_duration_since(rates.last.0).as_secs_f64();
            if span > 0.0 {
                let writes = version.saturating_sub(rates.last.1) as f64;
                rates.per_second.push_back((writes / span).round() as u64);
                if rates.per_second.len() > RATES {
                    rates.per_second.pop_front();
                }
                rates.last = (snapshot.at, version);
            }
            self.rates.insert(about.instance, rates);
        }
    }

    pub(crate) fn pulse(&self, found: &Found) -> Option<Pulse> {
        let pulse = self.pulses.of(found)?;
        // Over the last looks: a rate that has changed is to be seen.
        let recent = self.recent_rates(found);
        let looks = recent.len().min(8);
        if looks == 0 {
            return Some(pulse);
        }
        let sum: u64 = recent.iter().rev().take(looks).sum();
        Some(Pulse { per_second: sum as f64 / looks as f64, ..pulse })
    }

    /// Writes per second of the last looks, oldest first.
    pub(crate) fn recent_rates(&self, found: &Found) -> Vec<u64> {
        let rates = found.about.as_ref().and_then(|about| self.rates.get(&about.instance));
        rates.map(|rates| rates.per_second.iter().copied().collect()).unwrap_or_default()
    }

    /// The list as it is shown.
    pub(crate) fn listed(&self) -> Vec<&Found> {
        let mut listed: Vec<&Found> = self
            .found
            .iter()
            .filter(|found| found.name.to_lowercase().contains(&self.filter.text.to_lowercase()))
            .collect();
        match self.order {
            Order::Name => {}
            Order::Rate => {
                let rate = |found: &Found| self.pulse(found).map_or(0.0, |pulse| pulse.per_second);
                listed.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
            }
            Order::Size => listed.sort_by_key(|found| std::cmp::Reverse(found.len)),
        }
        listed
    }

    /// Where the cursor is in the list.
    pub(crate) fn cursor(&self, listed: &[&Found]) -> usize {
        let selected = self.selected.as_deref();
        listed.iter().position(|found| Some(found.path.as_path()) == selected).unwrap_or(0)
    }

    /// What is known of the segment that is open.
    pub(crate) fn opened_found(&self) -> Option<&Found> {
        let open = self.open.as_ref()?;
        self.found.iter().find(|found| found.name == open.name && found.key == open.key)
    }

    pub(crate) fn press(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            self.over = true;
            return;
        }
        if self.filter.typing {
            return self.type_filter(key.code);
        }
        if self.help {
            // Any key closes it.
            self.help = false;
            return;
        }
        match key.code {
            KeyCode::Char('q') => self.over = true,
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.help = true,
            code => match &mut self.open {
                Some(open) => {
                    if matches!(code, KeyCode::Esc | KeyCode::Backspace) {
                        if open.plot.take().is_none() {
                            self.open = None;
                        }
                    } else {
                        open.press(code, self.page);
                    }
                }
                None => self.press_in_list(code),
            },
        }
    }

    fn type_filter(&mut self, code: KeyCode) {
        match code {
            KeyCode::Char(c) => self.filter.text.push(c),
            KeyCode::Backspace => drop(self.filter.text.pop()),
            KeyCode::Esc => self.filter = Filter::default(),
            KeyCode::Enter => self.filter.typing = false,
            _ => {}
        }
    }

    fn press_in_list(&mut self, code: KeyCode) {
        let listed = self.listed();
        let cursor = self.cursor(&listed);
        let last = listed.len().saturating_sub(1);
        let to = match code {
            KeyCode::Up | KeyCode::Char('k') => cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => cursor + 1,
            KeyCode::PageUp => cursor.saturating_sub(self.page),
            KeyCode::PageDown => cursor + self.page,
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            KeyCode::Enter | KeyCode::Right | KeyCode::Char('l') => {
                if let Some((name, key, path)) = listed.get(cursor).map(|f| (f.name.clone(), f.key, f.path.clone())) {
                    self.selected = Some(path);
                    self.open(&name, key);
                }
                return;
            }
            KeyCode::Char('s') => {
                self.order = match self.order {
                    Order::Name => Order::Rate,
                    Order::Rate => Order::Size,
                    Order::Size => Order::Name,
                };
                return;
            }
            KeyCode::Char('/') => {
                self.filter.typing = true;
                return;
            }
            KeyCode::Esc => {
                self.filter = Filter::default();
                return;
            }
            _ => return,
        };
        self.selected = listed.get(to.min(last)).map(|found| found.path.clone());
    }
}

impl Open {
    fn see(&mut self, inside: Inside, at: Instant) {
        // What was asked for before another segment was opened.
        if inside.of != (Wish { name: self.name.clone(), key: self.key }) {
            return;
        }
        if inside.link != self.link && !self.paused {
            // Another segment has taken the name. Its versions are counted from the first again.
            self.link = inside.link;
            (self.record, self.before) = (None, None);
        }
        if let Ok(record) = &inside.record
            && !self.paused
            && self.record.as_ref().is_none_or(|old| old.version() != record.version())
        {
            if self.schema.as_ref() != Some(record.schema()) {
                (self.root, self.plot, self.cursor) = (Node::root(), None, 0);
                self.changed.clear();
                self.schema = Some(record.schema().clone());
            }
            self.before = self.record.replace(Arc::clone(record));
            self.changed.retain(|_, changed| changed.elapsed() < FRESH);
            if let Some(plot) = &mut self.plot {
                plot_value(plot, record, at);
            }
        }
        self.inside = Some(inside);
    }

    pub(crate) fn count(&self) -> usize {
        self.record.as_ref().map_or(0, |record| self.root.rows(&record.view()))
    }

    /// The rows from `top` on, as many as there is room for. Notes which of them have just changed.
    pub(crate) fn rows<'r>(&mut self, record: &'r DynRecord, room: usize) -> Vec<(Row<'r>, bool)> {
        let view = record.view();
        let count = self.root.rows(&view);
        self.cursor = self.cursor.min(count.saturating_sub(1));
        self.top = self.top.min(self.cursor).max((self.cursor + 1).saturating_sub(room));
        let rows: Vec<Row<'r>> =
            (self.top..count).take(room).map_while(|number| self.root.row(&view, number)).collect();
        let before = self.before.take();
        if let Some(before) = &before {
            for row in &rows {
                let old = rows::at(before.view(), &row.steps);
                if old.is_none_or(|old| old.bytes() != row.view.bytes()) {
                    self.changed.insert(row.steps.clone(), Instant::now());
                }
            }
        }
        let fresh = |steps: &[usize]| self.changed.get(steps).is_some_and(|changed| changed.elapsed() < FRESH);
        rows.into_iter()
            .map(|row| {
                let fresh = fresh(&row.steps);
                (row, fresh)
            })
            .collect()
    }

    fn press(&mut self, code: KeyCode, page: usize) {
        let Some(record) = self.record.clone() else { return };
        let view = record.view();
        let last = self.count().saturating_sub(1);
        match code {
            KeyCode::Up | KeyCode::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.cursor = (self.cursor + 1).min(last),
            KeyCode::PageUp => self.cursor = self.cursor.saturating_sub(page),
            KeyCode::PageDown => self.cursor = self.cursor.saturating_add(page).min(last),
            KeyCode::Home | KeyCode::Char('g') => self.cursor = 0,
            KeyCode::End | KeyCode::Char('G') => self.cursor = last,
            KeyCode::Char(' ') => self.paused = !self.paused,
            KeyCode::Enter | KeyCode::Right | KeyCode::Left | KeyCode::Char('l' | 'p') => {
                let Some(row) = self.root.row(&view, self.cursor) else { return };
                match code {
                    KeyCode::Left => self.close(&row, &record),
                    KeyCode::Char('p') => self.toggle_plot(&row, &record),
                    KeyCode::Enter if row.parts > 0 => self.root.set(&row.steps, !row.open),
                    KeyCode::Enter => self.toggle_plot(&row, &record),
                    _ => self.root.set(&row.steps, row.parts > 0),
                }
            }
            _ => {}
        }
    }

    /// Closes what is open, or goes to what the row is a part of.
    fn close(&mut self, row: &Row<'_>, record: &DynRecord) {
        if row.open {
            self.root.set(&row.steps, false);
        } else if let [parent @ .., _] = &row.steps[..]
            && !parent.is_empty()
        {
            self.cursor = self.root.number(&record.view(), parent);
        }
    }

    /// Plots a number; the plot of the same goes.
    fn toggle_plot(&mut self, row: &Row<'_>, record: &DynRecord) {
        if self.plot.as_ref().is_some_and(|plot| plot.steps == row.steps) {
            self.plot = None;
        } else if number(&row.view).is_some() {
            let mut plot = Plot::new(&row.path, &row.steps);
            plot_value(&mut plot, record, Instant::now());
            self.plot = Some(plot);
        }
    }
}

fn plot_value(plot: &mut Plot, record: &DynRecord, at: Instant) {
    if let Some(value) = rows::at(record.view(), &plot.steps).and_then(|view| number(&view)) {
        plot.add(at, value);
    }
}

/// The number that stands in a view, if one does.
pub(crate) fn number(view: &shmrec::DynView<'_>) -> Option<f64> {
    use shmrec::schema::Type;
    let is_number = |ty: &Type| {
        ty.is_integer() || matches!(ty, Type::F32 | Type::F64 | Type::Bool | Type::NonZero { .. } | Type::Duration)
    };
    match view.ty()? {
        Type::Option { .. } => number(&view.children().ok()?.next()?.1),
        ty if is_number(ty) => match view.value().ok()? {
            Value::Bool(truth) => Some(f64::from(u8::from(truth))),
            value => value.as_f64(),
        },
        _ => None,
    }
}
