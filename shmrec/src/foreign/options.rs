//! How another program's record is found, made and removed.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use shmrec_os::{Access, ForeignPlace, Perms, TrustOwner, What};

use super::error::ForeignError;
use super::units::Units;
use super::{Consistency, Foreign, ForeignReader, Protocol, Word};
use crate::error::InvalidOptions;
use crate::{Opened, SharedRecord};

/// How another program's record is opened: where it is, and how it is kept consistent. The defaults are strict: memory of
/// exactly the record's length.
#[derive(Clone, Debug)]
#[must_use]
pub struct ForeignOptions<T> {
    place: ForeignPlace,
    consistency: Consistency<T>,
    perms: Option<Perms>,
    at: usize,
    longer: bool,
    trust: TrustOwner,
    read_timeout: Duration,
}

impl<T: SharedRecord> ForeignOptions<T> {
    /// The defaults.
    pub fn new(place: ForeignPlace, consistency: Consistency<T>) -> Self {
        Self {
            place,
            consistency,
            perms: None,
            at: 0,
            longer: false,
            trust: TrustOwner::NoOther,
            read_timeout: Duration::from_secs(1),
        }
    }

    /// Its permission bits, exactly. One who creates gives them ([`Perms::RW`] unless told otherwise); one who links refuses
    /// memory that has others, and does not look at them unless told to.
    pub fn perms(mut self, perms: Perms) -> Self {
        self.perms = Some(perms);
        self
    }

    /// Where the record begins in the memory, in bytes: a multiple of 8 and of the record's alignment. Default: 0.
    pub fn at(mut self, at: usize) -> Self {
        self.at = at;
        self
    }

    /// Whether the memory may be longer than the record: when a record describes only the front of what the other program has
    /// there, or that program rounds up to pages. Default: no.
    pub fn longer(mut self, longer: bool) -> Self {
        self.longer = longer;
        self
    }

    /// Whose files may be mapped, beside this user's own and root's. Default: nobody else's; they are read through the
    /// kernel, and not written. Without effect under a key.
    pub fn trust_owner(mut self, trust: TrustOwner) -> Self {
        self.trust = trust;
        self
    }

    /// How long a read tries again when the record is not whole. Default: 1 s.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Links to memory that is there, for reading only.
    ///
    /// # Errors
    ///
    /// [`ForeignError::NotFound`] when there is none, [`ForeignError::WrongSize`] when it has another length; see
    /// [`ForeignError`] for the others.
    pub fn reader(&self) -> Result<ForeignReader<T>, ForeignError> {
        self.open(Access::Read)
    }

    /// Links to memory that is there, for reading and writing.
    ///
    /// # Errors
    ///
    /// As [`reader`](Self::reader).
    pub fn link(&self) -> Result<Foreign<T>, ForeignError> {
        Ok(Foreign::new(self.open(Access::ReadWrite)?))
    }

    /// Makes the memory, of zeros, where there is none.
    ///
    /// It stays when this program ends, as the other program's does, until it is [removed](Self::remove). This link can write,
    /// whatever the permission bits say.
    ///
    /// # Errors
    ///
    /// [`ForeignError::AlreadyExists`] when there is some; see [`ForeignError`] for the others.
    pub fn create(&self) -> Result<Foreign<T>, ForeignError> {
        let plan = self.plan()?;
        let perms = self.perms.unwrap_or_default();
        Ok(Foreign::new(self.reader_of(plan, shmrec_os::create_foreign(&self.place, perms, self.at + T::SIZE)?)))
    }

    /// Links to the memory, or makes it if there is none, and says which.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`link`](Self::link).
    pub fn create_or_link(&self) -> Result<(Foreign<T>, Opened), ForeignError> {
        const ROUNDS: u32 = 100;
        let mut round = 0;
        loop {
            round += 1;
            match self.link() {
                Ok(foreign) => return Ok((foreign, Opened::Linked)),
                Err(ForeignError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
            match self.create() {
                Ok(foreign) => return Ok((foreign, Opened::Created)),
                Err(ForeignError::AlreadyExists(_)) if round < ROUNDS => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Removes the memory, whoever uses it. Programs that have it mapped keep it, and newcomers do not find it.
    ///
    /// # Errors
    ///
    /// [`ForeignError::NotFound`], [`ForeignError::PermissionDenied`].
    pub fn remove(&self) -> Result<(), ForeignError> {
        Ok(shmrec_os::remove_foreign(&self.place)?)
    }

    fn open(&self, access: Access) -> Result<ForeignReader<T>, ForeignError> {
        let plan = self.plan()?;
        let opened = shmrec_os::link_foreign(&self.place, access, self.trust, self.at + T::SIZE, self.longer)?;
        if let Some(asked) = self.perms.map(Perms::mode) {
            let actual = opened.stat().mode;
            if asked != actual {
                return Err(opened.failure(What::WrongMode { asked, actual }).into());
            }
        }
        Ok(self.reader_of(plan, opened))
    }

    /// Looks at what the options say before anything is opened or made.
    fn plan(&self) -> Result<Plan, InvalidOptions> {
        const { assert!(T::SIZE > 0, "a record must have at least one byte") }
        if self.at % 8 != 0 || self.at % T::ALIGN != 0 || self.at > crate::MAX_RECORD_SIZE {
            return Err(InvalidOptions::ForeignOffset { at: self.at, align: T::ALIGN.max(8) });
        }
        let protocol = self.consistency.clone().into_protocol();
        let (words, units) = (protocol.words(), Units::of::<T>());
        if let Some(word) = words.iter().find(|word| !units.has(word.offset(), word.width())) {
            return Err(InvalidOptions::ForeignWord { offset: word.offset() });
        }
        let cuts: Vec<_> = words.iter().map(|word| (word.offset(), word.width())).collect();
        Ok(Plan { bulk: units.without(&cuts), protocol, words, units })
    }

    fn reader_of(&self, plan: Plan, opened: shmrec_os::Foreign) -> ForeignReader<T> {
        let Plan { protocol, words, units, bulk } = plan;
        let (at, read_timeout) = (self.at, self.read_timeout);
        ForeignReader { opened, at, protocol, words, units, bulk, read_timeout, record: PhantomData }
    }
}

/// What a link does with the record.
struct Plan {
    protocol: Arc<dyn Protocol>,
    words: Vec<Word>,
    units: Units,
    /// The units without the protocol's words.
    bulk: Units,
}
