//! What all subcommands have in common: where segments are, and where results go.

use std::path::PathBuf;

use shmrec::schema::nearest;
use shmrec::survey::{Found, State, Survey};
use shmrec::{DynReader, Key, LinkError, ReadError, SegmentOptions};

use crate::arguments::Common;
use crate::failed::{Code, Failed, Outcome};
use crate::output::{Output, note};
use crate::text;

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) output: Output,
    dir: Option<PathBuf>,
    global: bool,
    key: Option<Key>,
}

impl Context {
    pub(crate) fn new(common: &Common) -> Self {
        Self { output: Output::new(common), dir: common.dir.clone(), global: common.global, key: common.key }
    }

    pub(crate) fn options(&self) -> SegmentOptions {
        let options = SegmentOptions::new().global(self.global);
        let options = match &self.dir {
            Some(dir) => options.dir(dir),
            None => options,
        };
        match self.key {
            Some(key) => options.key(key),
            None => options,
        }
    }

    /// Options for the segment of this name, wherever it is: a file, or a System V segment that was created under the name.
    pub(crate) fn options_of(&self, name: &str) -> SegmentOptions {
        match self.survey().look_at(name) {
            Ok(Some(Found { key: Some(key), .. })) => self.options().key(key),
            _ => self.options(),
        }
    }

    pub(crate) fn survey(&self) -> Survey {
        Survey::new(&self.options())
    }

    /// A link that only observes.
    pub(crate) fn observe(&self, name: &str) -> Outcome<DynReader> {
        self.options_of(name).observe(true).dyn_reader(name).map_err(|error| self.not_linked(name, error))
    }

    /// As [`observe`](Self::observe); says so when nobody uses the segment any more.
    pub(crate) fn observe_and_note(&self, name: &str) -> Outcome<DynReader> {
        let reader = self.observe(name)?;
        if matches!(reader.users(), Ok(0)) && !reader.persists() {
            note(&format!(
                "{name}: nobody uses this segment any more; this is the last that was written (`shmrec doctor {name}` \
                 says more)"
            ));
        }
        Ok(reader)
    }

    /// Why a segment was not linked, with what helps.
    pub(crate) fn not_linked(&self, name: &str, error: LinkError) -> Failed {
        let explained = matches!(error, LinkError::NotFound(_));
        let damaged = matches!(error, LinkError::Damaged(_) | LinkError::StaleForeign(_));
        let denied = matches!(error, LinkError::PermissionDenied(_));
        let failed = Failed::from(error);
        if explained {
            return self.not_found(name);
        }
        if denied && let Ok(Some(found)) = self.survey().look_at(name) {
            return failed.hint(format!(
                "it belongs to {}, with mode {}",
                text::user(found.owner),
                text::mode(found.mode)
            ));
        }
        if damaged {
            return failed.hint(format!("`shmrec doctor {name}` says what can be done"));
        }
        failed
    }

    /// That there is no such segment, with the name that was probably meant.
    pub(crate) fn not_found(&self, name: &str) -> Failed {
        let mut survey = self.survey();
        let failed =
            Failed::new(Code::NotFound, format!("there is no segment {name:?} in {}", survey.directory().display()));
        let known: Vec<String> = survey.look().unwrap_or_default().into_iter().map(|found| found.name).collect();
        match nearest(name, known.iter().map(String::as_str)) {
            Some(nearest) => failed.hint(format!("did you mean {nearest:?}?")),
            None if known.is_empty() => failed.hint("there are none; --dir names another directory"),
            None => failed.hint("`shmrec list` shows which there are"),
        }
    }

    /// What the names stand for, all that there is without any.
    pub(crate) fn found(&self, survey: &mut Survey, names: &[String]) -> Outcome<Vec<Found>> {
        if names.is_empty() {
            return Ok(survey.look()?);
        }
        names.iter().map(|name| survey.look_at(name)?.ok_or_else(|| self.not_found(name))).collect()
    }
}

/// Whether nothing will come any more: the segment was removed, or nobody is left who could write.
pub(crate) fn is_over(reader: &DynReader) -> bool {
    let removed = !reader.is_current().unwrap_or(true);
    removed || (!reader.persists() && matches!(reader.users(), Ok(0)))
}

/// Why a record was not read, with the segment's name.
pub(crate) fn not_read(name: &str, error: ReadError) -> Failed {
    let unwritten = matches!(error, ReadError::NotYetWritten(_));
    if unwritten {
        return Failed::new(Code::NotFound, format!("{name}: nothing has been written to it yet"))
            .hint(format!("`shmrec watch {name}` waits for the first version"));
    }
    let path = matches!(error, ReadError::Path(_));
    let failed = Failed::from(error).at(name);
    if path { failed.hint(format!("`shmrec schema {name}` shows what there is")) } else { failed }
}

/// The state in one word, and what a person should make of it.
pub(crate) fn state(state: &State) -> (crate::output::Ink, &'static str) {
    use crate::output::Ink;
    match state {
        State::Used { .. } => (Ink::Good, "healthy"),
        State::Unused => (Ink::Good, "unused"),
        State::Abandoned => (Ink::Odd, "abandoned"),
        State::Changing => (Ink::Odd, "changing"),
        State::Damaged { .. } => (Ink::Bad, "damaged"),
        State::Foreign { .. } => (Ink::Bad, "foreign"),
        State::OtherFormat { .. } => (Ink::Bad, "other format"),
        State::OtherByteOrder => (Ink::Bad, "other byte order"),
        State::Elsewhere => (Ink::Odd, "elsewhere"),
        State::Unreadable { .. } => (Ink::Odd, "unreadable"),
        _ => (Ink::Odd, "unknown"),
    }
}
