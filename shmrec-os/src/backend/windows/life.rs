//! The life of a named segment: created whole, linked while it lives, gone with its last handle; or a file that stays.
//!
//! 1. Whoever creates, of either kind, first takes the section's name, which the kernel gives to one only.
//! 2. A segment in memory is *published* by its first eight bytes, which are stored last. Whoever finds the name without
//!    them lets go of it at once and comes again, so that the name of a creator that died goes too.
//! 3. A persistent segment is a file that is complete before it has its name. Its creator holds the section's name
//!    meanwhile, without ever publishing it, so that there are never two segments of one name.

use std::io;
use std::sync::atomic::{Ordering, fence};

use windows_sys::Win32::Foundation::{
    ERROR_ALREADY_EXISTS, ERROR_COMMITMENT_LIMIT, ERROR_DISK_FULL, ERROR_FILE_NOT_FOUND, ERROR_NO_SYSTEM_RESOURCES,
    ERROR_NOT_ENOUGH_MEMORY,
};

use super::attachment::Attachment;
use super::event::{Event, Named as NamedEvent, Use};
use super::file::{self, Opened, Spot, Unnamed};
use super::handle::{handle_count, is};
use super::names::{self, Beside, Scope};
use super::section::{Named, Section};
use super::security::{Audience, Descriptor, Kind};
use crate::backend::mapping::Mapping;
use crate::backend::new::NewSegment;
use crate::backend::random::{ATTEMPTS, pause};
use crate::format::{HEADER_LEN, Header};
use crate::words::ReadWords;
use crate::{Access, Failure, Holder, Place, SegmentName, TrustOwner, What};

/// How often an access that is denied is tried again: a file that is just going denies it to everybody.
const DENIALS: u32 = 10;

/// Creates a segment, complete from the moment that it can be linked.
///
/// # Errors
///
/// [`What::AlreadyExists`] when a segment of this name lives or persists. Otherwise what the system refused.
pub fn create(place: &Place, new: &NewSegment<'_>) -> Result<Attachment, Failure> {
    let name = names::section(place)?;
    for attempt in 0..ATTEMPTS {
        let fresh = match take_name(&name, place, new)? {
            Named::Fresh(fresh) => fresh,
            Named::Found(section) => match published(&section, place)? {
                Some((header, _)) => return Err(exists(holder(&header, Some(&section)), place)),
                // Somebody is creating, or died of it and others are looking.
                None => {
                    drop(section);
                    pause(attempt);
                    continue;
                }
            },
            Named::Denied(error) => match Section::open(&name, false).map_err(failed("OpenFileMapping", place))? {
                // Its rights are others than a creator asks for.
                Named::Found(section) | Named::Fresh(section) => match published(&section, place)? {
                    Some((header, _)) => return Err(exists(holder(&header, Some(&section)), place)),
                    None => {
                        drop(section);
                        pause(attempt);
                        continue;
                    }
                },
                Named::Denied(_) => return Err(exists(nobody_known(), place)),
                // It was there a moment ago, or it is a name that this user may not make.
                Named::NotFound if attempt < DENIALS => {
                    pause(attempt);
                    continue;
                }
                Named::NotFound if place.is_global() => {
                    return Err(Failure::with_source(What::NoGlobalPrivilege, place.path(), error));
                }
                Named::NotFound => return Err(Failure::of_call("CreateFileMapping", place.path(), error)),
                Named::OtherKind => return Err(other_kind(place)),
            },
            Named::OtherKind => return Err(other_kind(place)),
            Named::NotFound => continue,
        };
        // The name is ours. A file may have it all the same.
        match file::open(place, false)? {
            Opened::NotFound => {}
            Opened::File(file) => {
                let header = file::header(&file, place.path())?;
                let owner = Audience::of(&file, Kind::File).ok();
                let holder = Holder { uid: owner.map_or(header.creator_uid(), |o| o.uid()), ..holder(&header, None) };
                return Err(exists(holder, place));
            }
            Opened::Denied(_) if attempt >= DENIALS => return Err(exists(nobody_known(), place)),
            Opened::InTransition | Opened::Denied(_) => {
                drop(fresh);
                pause(attempt);
                continue;
            }
        }
        if new.header.persist() {
            let (spot, len) = (Spot::of(place), new.header.total_len() as u64);
            let mut unnamed = Unnamed::make(spot, new.perms, len, new.contents)?;
            if !unnamed.publish(spot)? {
                pause(attempt);
                continue;
            }
            let (file, mapping) = unnamed.into_parts();
            return Attachment::of_file(new.header.clone(), mapping, file, place.clone(), false);
        }
        let mapping = fresh.map(true).map_err(failed("MapViewOfFile", place))?;
        // The attachment first: from the publication on nothing may fail.
        let attachment = Attachment::of_section(new.header.clone(), mapping, fresh, place.clone())?;
        attachment.publish(new.contents);
        return Ok(attachment);
    }
    Err(Failure::new(What::Busy, place.path()))
}

/// Takes the section's name: the segment itself, or a page that only keeps the name.
fn take_name(name: &str, place: &Place, new: &NewSegment<'_>) -> Result<Named, Failure> {
    let persist = new.header.persist();
    let len = if persist { HEADER_LEN } else { new.header.total_len() } as u64;
    let descriptor =
        if persist { Descriptor::readable_by_all() } else { Descriptor::of_perms(new.perms, Kind::Section) };
    let descriptor = descriptor.map_err(failed("ConvertStringSecurityDescriptor", place))?;
    Section::create(name, len, &descriptor).map_err(|error| {
        let full = [ERROR_COMMITMENT_LIMIT, ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_SYSTEM_RESOURCES, ERROR_DISK_FULL];
        match full.iter().any(|number| is(&error, *number)) {
            true => Failure::with_source(What::NoSpace { bytes: len }, place.path(), error),
            false => Failure::of_call("CreateFileMapping", place.path(), error),
        }
    })
}

/// What stands in a section: `None` while nothing is published.
///
/// # Errors
///
/// When it is no segment, or none that this version can read.
fn published(section: &Section, place: &Place) -> Result<Option<(Header, Mapping)>, Failure> {
    checked(section.map(false).map_err(failed("MapViewOfFile", place))?, place)
}

/// The name of the segment in the section `section`, if it is one.
pub(super) fn name_in(section: &str) -> Option<SegmentName> {
    let Named::Found(section) = Section::open(section, false).ok()? else { return None };
    let mapping = section.map(false).ok()?;
    if mapping.len() < HEADER_LEN {
        return None;
    }
    let mut bytes = [0; HEADER_LEN];
    mapping.load_bytes(0, &mut bytes);
    Header::parse(&bytes, mapping.len() as u64).ok().map(|header| header.name().clone())
}

/// As [`published`], for a section that is mapped.
fn checked(mapping: Mapping, place: &Place) -> Result<Option<(Header, Mapping)>, Failure> {
    if mapping.len() < HEADER_LEN {
        return Err(Failure::new(What::NotASegment { found: "another program's memory" }, place.path()));
    }
    let Ok(magic) = mapping.load_u64(0);
    // Pairs with the release by which the creator stores these bytes: whoever sees them sees all.
    fence(Ordering::Acquire);
    if magic == 0 {
        return Ok(None);
    }
    let mut bytes = [0; HEADER_LEN];
    mapping.load_bytes(0, &mut bytes);
    let header = Header::parse(&bytes, mapping.len() as u64)
        .map_err(|fault| Failure::of_header(fault, "another program's memory", place.path()))?;
    if header.name() != place.name() {
        let problem = format!("it was created under the name {:?}", header.name().as_str());
        return Err(Failure::new(What::Damaged { problem }, place.path()));
    }
    Ok(Some((header, mapping)))
}

/// Links to a segment that lives or persists.
///
/// Whose it is makes no difference: nobody can shrink memory that others have mapped.
///
/// # Errors
///
/// [`What::NotFound`] when there is none. Otherwise what is wrong with what has the name.
pub fn link(place: &Place, access: Access, _trust: TrustOwner) -> Result<Attachment, Failure> {
    open(place, access, false)
}

/// As [`link`]; as an observer, who does not count as a user.
pub(super) fn open(place: &Place, access: Access, observer: bool) -> Result<Attachment, Failure> {
    let name = names::section(place)?;
    let writable = access == Access::ReadWrite;
    for attempt in 0..ATTEMPTS {
        match Section::open(&name, writable).map_err(failed("OpenFileMapping", place))? {
            Named::Found(section) | Named::Fresh(section) => {
                let mapping = section.map(writable).map_err(failed("MapViewOfFile", place))?;
                if let Some((header, mapping)) = checked(mapping, place)? {
                    let attachment = Attachment::of_section(header, mapping, section, place.clone())?;
                    return Ok(if observer { attachment.observing() } else { attachment });
                }
            }
            Named::Denied(error) => return Err(Failure::of_call("OpenFileMapping", place.path(), error)),
            Named::OtherKind => return Err(other_kind(place)),
            Named::NotFound => match file::open(place, writable)? {
                Opened::File(file) => {
                    if !file::header(&file, place.path())?.persist() {
                        return Err(file::not_a_segment(place.path(), "a copy of a segment that does not persist"));
                    }
                    let mapping = file::map(&file, writable, place.path())?;
                    return match checked(mapping, place)? {
                        Some((header, mapping)) => Attachment::of_file(header, mapping, file, place.clone(), observer),
                        None => Err(Failure::new(What::NotASegment { found: "an empty file" }, place.path())),
                    };
                }
                Opened::NotFound => {
                    let source = io::Error::from_raw_os_error(ERROR_FILE_NOT_FOUND as i32);
                    return Err(Failure::with_source(What::NotFound, place.path(), source));
                }
                Opened::Denied(error) if attempt >= DENIALS => {
                    return Err(Failure::of_call("CreateFile", place.path(), error));
                }
                Opened::InTransition | Opened::Denied(_) => {}
            },
        }
        // With no handle in hand: see the second rule.
        pause(attempt);
    }
    Err(Failure::new(What::Busy, place.path()))
}

/// Removes a persistent segment that nobody uses. One that does not persist is gone with its last user by itself.
///
/// # Errors
///
/// [`What::InUse`] when somebody uses it, [`What::NotFound`] when there is none.
pub fn remove(place: &Place) -> Result<(), Failure> {
    let name = names::section(place)?;
    for attempt in 0..ATTEMPTS {
        match Section::open(&name, false).map_err(failed("OpenFileMapping", place))? {
            Named::Found(section) | Named::Fresh(section) => {
                if published(&section, place)?.is_some() {
                    // This handle is one of them.
                    match handle_count(&section).unwrap_or(2) - 1 {
                        0 => {}
                        users => return Err(Failure::new(What::InUse { users }, place.path())),
                    }
                }
            }
            Named::Denied(_) => return Err(Failure::new(What::InUse { users: 1 }, place.path())),
            Named::OtherKind => return Err(other_kind(place)),
            Named::NotFound => match file::open_alone(place)? {
                Opened::File(file) => {
                    file::header(&file, place.path())?;
                    return file::remove(file, place.path());
                }
                Opened::NotFound => {
                    let source = io::Error::from_raw_os_error(ERROR_FILE_NOT_FOUND as i32);
                    return Err(Failure::with_source(What::NotFound, place.path(), source));
                }
                Opened::Denied(error) if attempt >= DENIALS => {
                    return Err(Failure::of_call("CreateFile", place.path(), error));
                }
                Opened::InTransition => {
                    if let Some(users) = users_of_file(place)?.filter(|users| *users > 0) {
                        return Err(Failure::new(What::InUse { users }, place.path()));
                    }
                }
                Opened::Denied(_) => {}
            },
        }
        pause(attempt);
    }
    Err(Failure::new(What::Busy, place.path()))
}

/// How many handles use a persistent segment, if that can be told.
///
/// # Errors
///
/// When it is none.
fn users_of_file(place: &Place) -> Result<Option<usize>, Failure> {
    let Opened::File(file) = file::open(place, false)? else { return Ok(None) };
    let beside = Beside::new(Scope::Global, file::header(&file, place.path())?.instance());
    Ok(match Event::open(&beside.users(), Use::Wait) {
        // This handle is one of them.
        Ok(NamedEvent::Found(users)) => handle_count(&users).ok().map(|count| count - 1),
        _ => None,
    })
}

fn exists(holder: Holder, place: &Place) -> Failure {
    let source = io::Error::from_raw_os_error(ERROR_ALREADY_EXISTS as i32);
    Failure::with_source(What::AlreadyExists(holder), place.path(), source)
}

fn holder(header: &Header, section: Option<&Section>) -> Holder {
    let owner = section.and_then(|section| Audience::of(section, Kind::Section).ok());
    Holder {
        pid: Some(header.creator_pid()),
        uid: owner.map_or(header.creator_uid(), |owner| owner.uid()),
        created: Some(header.created()),
        persist: header.persist(),
    }
}

/// The holder of a segment that this user may not look at.
fn nobody_known() -> Holder {
    Holder { pid: None, uid: u32::MAX, created: None, persist: false }
}

fn other_kind(place: &Place) -> Failure {
    Failure::new(What::NotASegment { found: "an object of another kind" }, place.path())
}

fn failed(call: &'static str, place: &Place) -> impl Fn(io::Error) -> Failure {
    let path = place.path().to_owned();
    move |error| Failure::of_call(call, &path, error)
}
