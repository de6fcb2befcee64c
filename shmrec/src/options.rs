//! Options: one object for creating and for linking, as the ancestor's functions take the same options on both sides.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use shmrec_os::{Access, InvalidName, Key, KeyError, Perms, Place, SegmentName, TrustOwner};

use crate::schema::Schema;
use crate::{CreateError, DynReader, DynSegment, LinkError, Reader, Segment, SharedRecord, Value};

/// How a segment is created or linked.
///
/// The defaults suit most programs: this user reads and writes, 4 slots, gone with the last user, in `/dev/shm` (or
/// `$SHMREC_DIR`). What only a creator decides (perms, persist, slots, wake_always) is ignored when linking: a segment
/// keeps what its creator gave it.
///
/// ```
/// use shmrec::{Perms, SegmentOptions, SharedRecord};
///
/// #[derive(SharedRecord, Clone, Debug)]
/// struct Pose { x: f64, y: f64 }
///
/// let options = SegmentOptions::new().perms(Perms::RRR).slots(8);
/// let name = format!("options_{}", std::process::id());
/// let segment = options.create::<Pose>(&name)?;
/// segment.write(&Pose { x: 1.0, y: 2.0 })?;
///
/// assert_eq!(options.reader::<Pose>(&name)?.read()?.y, 2.0);
/// # Ok::<(), shmrec::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SegmentOptions {
    pub(crate) perms: Perms,
    pub(crate) persist: bool,
    pub(crate) slots: u32,
    pub(crate) wake_always: bool,
    pub(crate) populate: bool,
    pub(crate) compatible: bool,
    keyed: Keyed,
    observe: bool,
    dir: Option<PathBuf>,
    global: bool,
    trust: TrustOwner,
    pub(crate) read_timeout: Duration,
    pub(crate) lock_timeout: Duration,
}

/// Whether a segment is a System V segment, and under which key.
#[derive(Clone, Copy, Debug)]
enum Keyed {
    /// It is a file.
    No,
    /// Under this key.
    By(Key),
    /// Under the key that the name spells: an id, and the path of a file.
    Ftok,
}

/// Which of the two [`SegmentOptions::create_or_link`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The segment was not there.
    Created,
    /// The segment was there.
    Linked,
}

impl SegmentOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            perms: Perms::RW,
            persist: false,
            slots: 4,
            wake_always: false,
            populate: false,
            compatible: false,
            keyed: Keyed::No,
            observe: false,
            dir: None,
            global: false,
            trust: TrustOwner::NoOther,
            read_timeout: Duration::from_secs(1),
            lock_timeout: Duration::from_secs(5),
        }
    }

    /// Who may read and write the segment, exactly: the umask does not apply. Default: [`Perms::RW`].
    pub fn perms(mut self, perms: Perms) -> Self {
        self.perms = perms;
        self
    }

    /// Whether the segment stays when its last user goes (the ancestor's `SHM_PERSIST`): until
    /// [`remove`](Self::remove), or until the machine goes down when it is in `/dev/shm`. Default: no.
    pub fn persist(mut self, persist: bool) -> Self {
        self.persist = persist;
        self
    }

    /// How many slots the segment has: 2, 4, 8 … 256. Default: 4.
    ///
    /// A segment keeps the last `slots - 1` versions, and a reader tries again only when writers complete so many
    /// versions during its copy. Each slot takes the record's size, rounded up to 64 bytes.
    pub fn slots(mut self, slots: u32) -> Self {
        self.slots = slots;
        self
    }

    /// Whether every write wakes waiting readers by a system call (370 ns), registered or not. Default: no.
    ///
    /// A [`Segment`] that waits registers in the segment, and writers look there. A [`Reader`] cannot write there; it
    /// looks for newer versions after pauses of up to 5 ms, unless the segment was created with this option.
    pub fn wake_always(mut self, wake_always: bool) -> Self {
        self.wake_always = wake_always;
        self
    }

    /// Whether all pages of the segment are mapped when it is created or linked, instead of each at its first touch. Default: no.
    ///
    /// For large records that must be fast from the first transfer on: mapping 1 MiB takes some tens of microseconds, then or
    /// now.
    pub fn populate(mut self, populate: bool) -> Self {
        self.populate = populate;
        self
    }

    /// Makes it a System V segment under this key, for programs that find segments by keys: `ipcs` lists it, and a program that
    /// knows nothing of shmrec can attach it and read it by the documented format.
    ///
    /// Names, permissions, life and promises are those of every segment. The full name stands in the segment, so a key that is
    /// used for two things is [`KeyCollision`](CreateError::KeyCollision). In the directory (see [`dir`](Self::dir)) stands a
    /// small companion file, `shmrec-key.` and the key in hexadecimal, which has the locks: programs that share a key name the
    /// same directory. Unlike a file, a System V segment cannot be shrunk by its owner, so every user's is mapped.
    ///
    /// ```
    /// use shmrec::{Key, SegmentOptions, SharedRecord};
    ///
    /// #[derive(SharedRecord, Clone, Debug, PartialEq)]
    /// struct Pose { x: f64, y: f64 }
    ///
    /// # let name = &format!("keyed_{}", std::process::id());
    /// let options = SegmentOptions::new().key(Key::of_name(name));
    /// let segment = options.create_with(name, &Pose { x: 1.0, y: 2.0 })?;
    /// assert_eq!(options.reader::<Pose>(name)?.read()?, Pose { x: 1.0, y: 2.0 });
    /// # drop(segment);
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    pub fn key(mut self, key: Key) -> Self {
        self.keyed = Keyed::By(key);
        self
    }

    /// Whether names spell keys, as the ancestor's `SHM_USE_FTOK` has it: the first character is an id, the rest the path of an
    /// existing, accessible file, and the segment is a System V segment under [`Key::ftok`] of the two. Default: no.
    ///
    /// The segment's name is then `ftok_` and the key in hexadecimal.
    ///
    /// ```
    /// use shmrec::{Key, SegmentOptions, SharedRecord};
    ///
    /// #[derive(SharedRecord, Clone, Debug)]
    /// struct Count { n: u64 }
    ///
    /// # let file = std::env::temp_dir().join(format!("use_ftok_{}", std::process::id()));
    /// # std::fs::write(&file, b"")?;
    /// # let file = file.to_str().unwrap();
    /// let options = SegmentOptions::new().use_ftok(true);
    /// let count = options.create_with(&format!("C{file}"), &Count { n: 1 })?;
    /// assert_eq!(count.key(), Some(Key::ftok(file, b'C')?));
    /// # drop(count);
    /// # std::fs::remove_file(file)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn use_ftok(mut self, use_ftok: bool) -> Self {
        self.keyed = if use_ftok { Keyed::Ftok } else { Keyed::No };
        self
    }

    /// The directory that the segment (or its companion file) is in, instead of `$SHMREC_DIR` or `/dev/shm`: a volume that containers share, or
    /// `$XDG_RUNTIME_DIR`. A file system in memory is what suits; others work.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Whether all sessions of Windows share the segment (the ancestor's `SHM_GLOBAL`), instead of the programs of one.
    /// Creating such a segment needs a privilege that administrators and services have; linking does not. Both sides
    /// say it. Changes nothing on other systems, where names are machine-wide already. Default: no.
    pub fn global(mut self, global: bool) -> Self {
        self.global = global;
        self
    }

    /// Whose segments may be mapped, beside this user's own and root's. Default: nobody else's; they are read through
    /// the kernel, and not written. Without effect under a [`key`](Self::key).
    pub fn trust_owner(mut self, trust: TrustOwner) -> Self {
        self.trust = trust;
        self
    }

    /// Whether to link to a segment that holds another version of the record, so that programs can be upgraded one by one.
    /// Default: no, any difference is refused.
    ///
    /// Fields are matched by name and type, wherever they stand, those of nested records too. What the segment lacks reads
    /// as its `#[record(default)]`, and is not written; what the program lacks keeps the value that it has when the program
    /// writes. Nothing is converted: a field of another type is still refused, as is a missing one without a default.
    ///
    /// ```
    /// use shmrec::{Segment, SegmentOptions, SharedRecord};
    ///
    /// mod older {
    ///     #[derive(shmrec::SharedRecord)]
    ///     pub struct Drive { pub speed: f64, pub fault: u16 }
    /// }
    ///
    /// #[derive(SharedRecord, Debug, PartialEq)]
    /// struct Drive {
    ///     #[record(default = 20.0)]
    ///     temperature: f32,
    ///     speed: f64,
    /// }
    ///
    /// # let name = &format!("compatible_{}", std::process::id());
    /// let old = Segment::create_with(name, &older::Drive { speed: 1.5, fault: 3 })?;
    /// assert!(Segment::<Drive>::link(name).is_err());
    ///
    /// let new = SegmentOptions::new().compatible(true).link::<Drive>(name)?;
    /// assert_eq!(new.read()?, Drive { temperature: 20.0, speed: 1.5 });
    /// new.update(|drive| drive.speed = 2.5)?;
    /// let drive = old.read()?;
    /// assert_eq!((drive.speed, drive.fault), (2.5, 3));
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    pub fn compatible(mut self, compatible: bool) -> Self {
        self.compatible = compatible;
        self
    }

    /// Whether readers only look on: for tools that show what other programs share. Default: no, a reader is a user.
    ///
    /// A reader that observes is not among the segment's users. It is not counted, it keeps no segment alive, and it
    /// removes none; a program that creates the name anew is not in its way. What nobody uses any more can still be read,
    /// until somebody removes it: [`Link::is_current`](crate::Link::is_current) says whether it has been. Every access is
    /// a system call (about 1 µs; of a System V segment, which is attached for each access, three), and waiting means looking
    /// again after up to 5 ms. Without effect on links that write.
    ///
    /// ```
    /// use shmrec::{Segment, SegmentOptions, SharedRecord};
    ///
    /// #[derive(SharedRecord)]
    /// struct Count { n: u64 }
    ///
    /// # let name = &format!("observe_{}", std::process::id());
    /// let count = Segment::create_with(name, &Count { n: 7 })?;
    /// let observer = SegmentOptions::new().observe(true).dyn_reader(name)?;
    /// assert_eq!(observer.get("n")?.to_string(), "7");
    /// assert_eq!((count.users()?, observer.users()?), (1, 1));
    ///
    /// drop(count);
    /// assert!(!observer.is_current()?);
    /// assert_eq!(observer.get("n")?.to_string(), "7");
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    pub fn observe(mut self, observe: bool) -> Self {
        self.observe = observe;
        self
    }

    /// How long a read tries again when writers overtake it, before it is [`Contended`](crate::ReadError::Contended).
    /// Default: 1 s.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// How long a write or [`Segment::lock`] waits for a living program that has the lock. Default: 5 s.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Creates a segment that holds no record yet.
    ///
    /// # Errors
    ///
    /// [`CreateError::AlreadyExists`] when a segment of this name lives or persists; a name that nobody uses any more is
    /// replaced. [`CreateError::NoSpace`] when the file system is full. See [`CreateError`] for the others.
    pub fn create<T: SharedRecord>(&self, name: &str) -> Result<Segment<T>, CreateError> {
        Segment::create_by(self, name, None)
    }

    /// Creates a segment whose version 1 is `initial`: nobody ever sees it without a record.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create), and [`CreateError::Store`] when `initial` does not fit into its fields.
    pub fn create_with<T: SharedRecord>(&self, name: &str, initial: &T) -> Result<Segment<T>, CreateError> {
        Segment::create_by(self, name, Some(initial))
    }

    /// Links to a segment for reading and writing.
    ///
    /// # Errors
    ///
    /// [`LinkError::NotFound`] when there is none, [`LinkError::Mismatch`] when it holds another record. See
    /// [`LinkError`] for the others.
    pub fn link<T: SharedRecord>(&self, name: &str) -> Result<Segment<T>, LinkError> {
        Segment::link_by(self, name)
    }

    /// Links to a segment for reading only: it is mapped read-only.
    ///
    /// # Errors
    ///
    /// As [`link`](Self::link).
    pub fn reader<T: SharedRecord>(&self, name: &str) -> Result<Reader<T>, LinkError> {
        Reader::link_by(self, name)
    }

    /// Links to a segment as soon as there is one.
    ///
    /// # Errors
    ///
    /// As [`link`](Self::link); [`LinkError::NotFound`] when none came within `timeout`.
    pub fn link_wait<T: SharedRecord>(&self, name: &str, timeout: Duration) -> Result<Segment<T>, LinkError> {
        until_found(timeout, || self.link(name))
    }

    /// Links to a segment for reading only, as soon as there is one.
    ///
    /// # Errors
    ///
    /// As [`link_wait`](Self::link_wait).
    pub fn reader_wait<T: SharedRecord>(&self, name: &str, timeout: Duration) -> Result<Reader<T>, LinkError> {
        until_found(timeout, || self.reader(name))
    }

    /// As [`create`](Self::create), for the record of a schema that is known at run time only.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn dyn_create(&self, name: &str, schema: &Schema) -> Result<DynSegment, CreateError> {
        DynSegment::create_by(self, name, schema, None)
    }

    /// As [`create_with`](Self::create_with), for the record of a schema that is known at run time only.
    ///
    /// # Errors
    ///
    /// As [`create_with`](Self::create_with).
    pub fn dyn_create_with(&self, name: &str, schema: &Schema, initial: &Value) -> Result<DynSegment, CreateError> {
        DynSegment::create_by(self, name, schema, Some(initial))
    }

    /// Links to a segment for reading and writing, whatever its record is.
    ///
    /// # Errors
    ///
    /// As [`link`](Self::link), but no record is refused.
    pub fn dyn_link(&self, name: &str) -> Result<DynSegment, LinkError> {
        DynSegment::link_by(self, name)
    }

    /// Links to a segment for reading only, whatever its record is.
    ///
    /// # Errors
    ///
    /// As [`dyn_link`](Self::dyn_link).
    pub fn dyn_reader(&self, name: &str) -> Result<DynReader, LinkError> {
        DynReader::link_by(self, name)
    }

    /// As [`dyn_link`](Self::dyn_link), as soon as there is a segment.
    ///
    /// # Errors
    ///
    /// As [`link_wait`](Self::link_wait).
    pub fn dyn_link_wait(&self, name: &str, timeout: Duration) -> Result<DynSegment, LinkError> {
        until_found(timeout, || self.dyn_link(name))
    }

    /// As [`dyn_reader`](Self::dyn_reader), as soon as there is a segment.
    ///
    /// # Errors
    ///
    /// As [`link_wait`](Self::link_wait).
    pub fn dyn_reader_wait(&self, name: &str, timeout: Duration) -> Result<DynReader, LinkError> {
        until_found(timeout, || self.dyn_reader(name))
    }

    /// Links to a segment, or creates it if there is none, and says which.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`link`](Self::link).
    pub fn create_or_link<T: SharedRecord>(&self, name: &str) -> Result<(Segment<T>, Opened), crate::Error> {
        // Between the two looks another program may create or remove it. Each round, some program has succeeded.
        const ROUNDS: u32 = 100;
        let mut round = 0;
        loop {
            round += 1;
            match self.link(name) {
                Ok(segment) => return Ok((segment, Opened::Linked)),
                Err(LinkError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
            match self.create(name) {
                Ok(segment) => return Ok((segment, Opened::Created)),
                Err(CreateError::AlreadyExists(_)) if round < ROUNDS => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Removes a segment that nobody uses, persistent or not.
    ///
    /// # Errors
    ///
    /// [`RemoveError::InUse`](crate::RemoveError::InUse) when somebody uses it,
    /// [`RemoveError::NotFound`](crate::RemoveError::NotFound) when there is none.
    pub fn remove(&self, name: &str) -> Result<(), crate::RemoveError> {
        Ok(shmrec_os::remove(&self.place::<crate::RemoveError>(name)?)?)
    }

    /// Removes a segment that is damaged so that [`remove`](Self::remove) refuses to, if nobody uses it. What does not even
    /// begin like a segment is left alone.
    ///
    /// # Errors
    ///
    /// As [`remove`](Self::remove); [`RemoveError::System`](crate::RemoveError::System) when it is not damaged.
    pub fn remove_damaged(&self, name: &str) -> Result<(), crate::RemoveError> {
        Ok(shmrec_os::remove_damaged(&self.place::<crate::RemoveError>(name)?)?)
    }

    /// The key that these options were given.
    pub(crate) fn given_key(&self) -> Option<Key> {
        match self.keyed {
            Keyed::By(key) => Some(key),
            Keyed::No | Keyed::Ftok => None,
        }
    }

    pub(crate) fn without_key(mut self) -> Self {
        self.keyed = Keyed::No;
        self
    }

    /// The directory that segments are looked for in.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        Place::directory_of(self.dir.as_deref())
    }

    pub(crate) fn is_global(&self) -> bool {
        self.global
    }

    /// Where the segment `name` is.
    pub(crate) fn place<E: From<InvalidName> + From<KeyError>>(&self, name: &str) -> Result<Place, E> {
        let dir = self.dir.as_deref();
        let place = match self.keyed {
            Keyed::No => Place::new(SegmentName::new(name)?, dir),
            Keyed::By(key) => Place::keyed(SegmentName::new(name)?, key, dir),
            Keyed::Ftok => {
                let key = Key::use_ftok(name)?;
                Place::keyed(SegmentName::new(&format!("ftok_{:08x}", key.get()))?, key, dir)
            }
        };
        Ok(place.global(self.global))
    }

    pub(crate) fn attach(&self, name: &str, access: Access) -> Result<shmrec_os::Attachment, LinkError> {
        let place = self.place::<LinkError>(name)?;
        Ok(match access {
            Access::Read if self.observe => shmrec_os::observe(&place)?,
            _ => shmrec_os::link(&place, access, self.trust)?,
        })
    }
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Looks for a segment after growing pauses.
fn until_found<S>(timeout: Duration, mut look: impl FnMut() -> Result<S, LinkError>) -> Result<S, LinkError> {
    const LONGEST: Duration = Duration::from_millis(20);
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match look() {
            // What only its owner can remove he may replace at any moment.
            Err(error @ (LinkError::NotFound(_) | LinkError::Busy(_) | LinkError::StaleForeign(_))) => {
                let Some(left) = timeout.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) else {
                    return Err(error);
                };
                std::thread::sleep(left.min(pause));
                pause = (pause * 2).min(LONGEST);
            }
            outcome => return outcome,
        }
    }
}

/// Removes a segment that nobody uses, persistent or not, from the default directory.
///
/// # Errors
///
/// As [`SegmentOptions::remove`].
///
/// ```
/// use shmrec::{SegmentOptions, SharedRecord};
///
/// #[derive(SharedRecord, Clone, Debug)]
/// struct Count { n: u64 }
///
/// let name = format!("remove_{}", std::process::id());
/// drop(SegmentOptions::new().persist(true).create_with(&name, &Count { n: 1 })?);
/// shmrec::remove(&name)?;
/// assert!(shmrec::remove(&name).is_err());
/// # Ok::<(), shmrec::Error>(())
/// ```
pub fn remove(name: &str) -> Result<(), crate::RemoveError> {
    SegmentOptions::new().remove(name)
}
