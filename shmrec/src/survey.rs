//! What segments there are, looked at without being one of their users.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use shmrec_os::{Entry, Failure, FileFacts, Key, Place, SegmentName, Use, What};

use crate::core::Core;
use crate::error::{LinkError, SurveyError};
use crate::link::{Link, LockState};
use crate::schema::Schema;
use crate::{Fingerprint, Holder, ReadError, SegmentOptions, Version};

/// Looks at the segments of a directory, once or again and again: who uses them, what they hold, what is wrong with them.
///
/// Nothing is changed and nobody is disturbed: what is looked at is not linked. Schemas are read once for each segment.
///
/// On Windows memory stays as long as somebody looks at it. Seen are the segments of this session, or with
/// [`global`](SegmentOptions::global) those of all.
///
/// ```
/// use shmrec::survey::{State, Survey};
/// use shmrec::{SegmentOptions, SharedRecord};
///
/// #[derive(SharedRecord)]
/// struct Count { n: u64 }
///
/// # let dir = std::env::temp_dir().join(format!("shmrec_survey_{}", std::process::id()));
/// # std::fs::create_dir(&dir)?;
/// let options = SegmentOptions::new().dir(&dir);
/// let count = options.create_with("count", &Count { n: 1 })?;
/// let kept = options.clone().persist(true).create::<Count>("kept")?;
/// drop(kept);
///
/// let mut survey = Survey::new(&options);
/// for found in survey.look()? {
///     println!("{:10} {:?}", found.name, found.state);
/// }
/// let found = survey.look_at("count")?.unwrap();
/// assert_eq!(found.state, State::Used { users: 1 });
/// assert_eq!(found.content.unwrap().schema.record().name, "Count");
/// assert_eq!(survey.look_at("kept")?.unwrap().state, State::Unused);
/// # drop(count);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Survey {
    options: SegmentOptions,
    schemas: HashMap<[u8; 16], Arc<Schema>>,
}

/// What has a segment's name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Found {
    /// The name. Whoever may write to the directory chooses it: one that no segment can have is in [`State::Foreign`], and
    /// is to be escaped before it goes to a terminal.
    pub name: String,
    /// The key of a System V segment.
    pub key: Option<Key>,
    /// The file; of a System V segment its companion; of memory on Windows the file that it would be if it persisted.
    pub path: PathBuf,
    /// The user id of its owner.
    pub owner: u32,
    /// Its permission bits.
    pub mode: u32,
    /// Bytes of it.
    pub len: u64,
    /// How it is.
    pub state: State,
    /// What its header says, where that can be read.
    pub about: Option<About>,
    /// What stands in it, where that can be read. Not of an abandoned System V segment: to look into it would be to use it.
    pub content: Option<Content>,
}

/// How something under a segment's name is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A segment that is in use.
    Used {
        /// By how many handles, in all programs.
        users: usize,
    },
    /// A segment that nobody uses, and that stays because it was created to persist.
    Unused,
    /// A segment whose last user was killed, or may not remove it: the next program that creates, links or removes the name
    /// removes it.
    Abandoned,
    /// It is just being created or removed.
    Changing,
    /// A segment's file that contradicts itself.
    Damaged {
        /// The contradiction.
        problem: String,
    },
    /// Something else has the name.
    Foreign {
        /// What.
        found: &'static str,
    },
    /// A segment of a format that this version of shmrec does not know.
    OtherFormat {
        /// Which.
        found: u32,
    },
    /// A segment made on a machine of the other byte order.
    OtherByteOrder,
    /// A System V segment of another IPC namespace: of another container, as a rule. Its companion is in a directory that both
    /// see.
    Elsewhere,
    /// It cannot be read, as a rule because this user may not.
    Unreadable {
        /// Why.
        problem: String,
    },
}

/// What a segment's header says: it never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct About {
    /// Who created it, when, and whether it persists.
    pub creator: Holder,
    /// A random number of this segment, of all that ever have its name.
    pub instance: [u8; 16],
    /// Bytes of a record's image.
    pub record_size: usize,
    /// How many slots it has: it keeps one version fewer.
    pub slots: u32,
    /// Bytes of the segment.
    pub total_size: usize,
    /// Whether every write wakes waiting readers.
    pub wake_always: bool,
    /// The fingerprint of its schema.
    pub fingerprint: Fingerprint,
}

/// What stands in a segment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Content {
    /// What its record is.
    pub schema: Arc<Schema>,
    /// The last version; [`Version::NONE`] before the first write.
    pub version: Version,
    /// The version that a writer is at, or was when it died; the last version when nobody writes.
    pub begun: Version,
    /// Who has the writer lock.
    pub lock: LockState,
    /// How often a writer took the lock over from one that had died with it.
    pub recoveries: u32,
}

impl Survey {
    /// Of the segments that `options` would find.
    #[must_use]
    pub fn new(options: &SegmentOptions) -> Self {
        Self { options: options.clone().observe(true), schemas: HashMap::new() }
    }

    /// The directory that is looked at.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.options.directory()
    }

    /// All segments, and what else has a segment's name, by name.
    ///
    /// # Errors
    ///
    /// [`SurveyError::NoDirectory`], [`SurveyError::PermissionDenied`], when the directory cannot be read. What is wrong with
    /// a single segment is its [`State`].
    pub fn look(&mut self) -> Result<Vec<Found>, SurveyError> {
        let directory = self.directory();
        let mut all = Vec::new();
        for entry in shmrec_os::entries(Some(&directory), self.options.is_global())? {
            // What is gone again by now was not there.
            all.extend(match entry {
                Entry::Named(name) => self.named(&name)?,
                Entry::Keyed(key) => self.keyed(key)?,
                Entry::Odd(file) => {
                    let name = file.to_string_lossy();
                    let name = name.strip_prefix(Place::PREFIX).unwrap_or(&name);
                    let state = State::Foreign { found: "a file whose name no segment can have" };
                    let path = directory.join(&file);
                    let facts = shmrec_os::file_facts(&path)?;
                    facts.map(|facts| found(name, None, &path, facts, state))
                }
            });
        }
        all.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        let seen: Vec<_> = all.iter().filter_map(|found| Some(found.about.as_ref()?.instance)).collect();
        self.schemas.retain(|instance, _| seen.contains(instance));
        Ok(all)
    }

    /// What has this name: the file first, then System V segments that were created under it. `None` when nothing has. Of
    /// [options with a key](SegmentOptions::key), what has the key.
    ///
    /// # Errors
    ///
    /// [`SurveyError::InvalidName`]; otherwise as [`look`](Self::look).
    pub fn look_at(&mut self, name: &str) -> Result<Option<Found>, SurveyError> {
        let name = SegmentName::new(name)?;
        if let Some(key) = self.options.given_key() {
            return self.keyed(key);
        }
        if let Some(found) = self.named(&name)? {
            return Ok(Some(found));
        }
        let directory = self.directory();
        let entries = match shmrec_os::entries(Some(&directory), self.options.is_global()) {
            Err(failure) if *failure.what() == What::NoDirectory => return Ok(None),
            entries => entries?,
        };
        for entry in entries {
            let Entry::Keyed(key) = entry else { continue };
            let own = shmrec_os::companion_name(key, &directory.join(Place::companion(key)));
            if matches!(own, Ok(Some(own)) if own == name) {
                return self.keyed(key);
            }
        }
        Ok(None)
    }

    fn named(&mut self, name: &SegmentName) -> Result<Option<Found>, SurveyError> {
        let directory = self.directory();
        let place = Place::new(name.clone(), Some(&directory)).global(self.options.is_global());
        let options = self.options.clone().without_key();
        self.find(&place, &options)
    }

    fn keyed(&mut self, key: Key) -> Result<Option<Found>, SurveyError> {
        let (directory, file) = (self.directory(), Place::companion(key));
        let path = directory.join(&file);
        let state = match shmrec_os::companion_name(key, &path) {
            Ok(Some(name)) => {
                let options = self.options.clone().key(key);
                return self.find(&Place::keyed(name, key, Some(&directory)), &options);
            }
            Ok(None) => State::Abandoned,
            Err(failure) => state_of(&failure),
        };
        let facts = shmrec_os::file_facts(&path)?;
        Ok(facts.map(|facts| found(&file, Some(key), &path, facts, state)))
    }

    fn find(&mut self, place: &Place, options: &SegmentOptions) -> Result<Option<Found>, SurveyError> {
        let Some(facts) = shmrec_os::facts(place)? else { return Ok(None) };
        let mut found = found(place.name().as_str(), place.key(), place.path(), facts, State::Changing);
        if matches!(found.state, State::Foreign { .. }) {
            return Ok(Some(found));
        }
        match self.inspect_until_it_stays(options, &mut found) {
            Ok(state) => found.state = state,
            Err(LinkError::NotFound(_)) => return Ok(None),
            Err(LinkError::NoDescriptors(failure) | LinkError::NoDirectory(failure)) => return Err(failure.into()),
            Err(error) => {
                let words = error.to_string();
                found.state = error.failure().map_or_else(|| State::Unreadable { problem: words }, state_of);
            }
        }
        Ok(Some(found))
    }

    /// Looks again at what goes while it is looked at: then it is gone, or another has its name; or it is the same again and
    /// again, and somebody has cut it short.
    fn inspect_until_it_stays(&mut self, options: &SegmentOptions, found: &mut Found) -> Result<State, LinkError> {
        const LOOKS: u32 = 30;
        const OF_THE_SAME: u32 = 4;
        let (mut last, mut same) = (None, 0);
        for look in 0..LOOKS {
            (found.about, found.content) = (None, None);
            match self.inspect(options, found) {
                Err(error) if error.failure().is_some_and(|failure| *failure.what() == What::Truncated) => {
                    let instance = found.about.as_ref().map(|about| about.instance);
                    same = if look > 0 && instance == last { same + 1 } else { 1 };
                    if same == OF_THE_SAME {
                        return Err(error);
                    }
                    last = instance;
                    // Whoever is removing it may be behind others on its processor.
                    std::thread::sleep(Duration::from_millis(1 << same));
                }
                outcome => return outcome,
            }
        }
        // Each time another.
        (found.about, found.content) = (None, None);
        Ok(State::Changing)
    }

    fn inspect(&mut self, options: &SegmentOptions, found: &mut Found) -> Result<State, LinkError> {
        let attachment = options.attach(&found.name, shmrec_os::Access::Read)?;
        let header = attachment.header();
        let about = About {
            creator: Holder {
                pid: Some(header.creator_pid()),
                uid: header.creator_uid(),
                created: Some(header.created()),
                persist: header.persist(),
            },
            instance: header.instance(),
            record_size: header.record_len(),
            slots: header.slots(),
            total_size: header.total_len(),
            wake_always: header.wake_always(),
            fingerprint: Fingerprint::from_le_bytes(header.fingerprint()),
        };
        let (instance, persists) = (about.instance, about.creator.persist);
        found.about = Some(about);
        let used = attachment.others()?;
        if used == Use::Nobody && !persists && found.key.is_some() {
            return Ok(State::Abandoned);
        }
        let link = Link::new(Core::new(attachment, options));
        found.content = Some(self.content(&link, instance)?);
        Ok(match used {
            // Those that were there a moment ago may have gone.
            Use::Somebody => {
                let attachment = link.core.attachment();
                let own = usize::from(!attachment.is_observer());
                State::Used { users: attachment.users()?.saturating_sub(own).max(1) }
            }
            Use::Changing => State::Changing,
            Use::Nobody if persists => State::Unused,
            Use::Nobody => State::Abandoned,
        })
    }

    fn content(&mut self, link: &Link, instance: [u8; 16]) -> Result<Content, LinkError> {
        let schema = match self.schemas.get(&instance) {
            Some(schema) => Arc::clone(schema),
            None => {
                let schema = Arc::new(link.core.schema()?);
                self.schemas.insert(instance, Arc::clone(&schema));
                schema
            }
        };
        let core = &link.core;
        let of = |error: ReadError| match error.into_failure() {
            Some(failure) => LinkError::from(failure),
            // Of counters nothing else is said.
            None => LinkError::from(core.attachment().damaged("its counters cannot be read".to_owned())),
        };
        Ok(Content {
            schema,
            version: core.version().map_err(of)?,
            begun: core.begun().map_err(of)?,
            lock: core.lock_state().map_err(of)?,
            recoveries: core.recoveries().map_err(of)?,
        })
    }
}

/// What the system says of what has a name.
fn found(name: &str, key: Option<Key>, path: &Path, facts: FileFacts, state: State) -> Found {
    Found {
        name: name.to_owned(),
        key,
        path: path.to_owned(),
        owner: facts.owner,
        mode: facts.mode,
        len: facts.len,
        state: facts.other.map_or(state, |found| State::Foreign { found }),
        about: None,
        content: None,
    }
}

/// What a failure to look into a segment says of the segment.
fn state_of(failure: &Failure) -> State {
    match failure.what() {
        What::Damaged { problem } => State::Damaged { problem: problem.clone() },
        What::Truncated => State::Damaged { problem: "its file has been cut short".to_owned() },
        What::NotASegment { found } => State::Foreign { found },
        What::UnsupportedFormat { found } => State::OtherFormat { found: *found },
        What::ForeignByteOrder => State::OtherByteOrder,
        What::StaleForeign { .. } => State::Abandoned,
        What::OtherNamespace { .. } => State::Elsewhere,
        What::Busy => State::Changing,
        What::PermissionDenied => State::Unreadable { problem: "permission denied".to_owned() },
        _ => State::Unreadable { problem: failure.to_string() },
    }
}
