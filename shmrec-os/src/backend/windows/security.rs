//! Who may do what: permission bits as security descriptors, and back.
//!
//! The bits of the user become entries for the user's SID, those of others entries for everyone; an entry that denies
//! stands first where others may do what the user may not. The group's bits say nothing here: a user has no one group
//! that is his.
//!
//! # Safety
//!
//! Descriptors come from calls that allocate them, are freed once, and what points into them does not outlive them.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
    SE_FILE_OBJECT, SE_KERNEL_OBJECT, SE_OBJECT_TYPE,
};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACL, DACL_SECURITY_INFORMATION, GetAce, GetTokenInformation, OWNER_SECURITY_INFORMATION,
    PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::SystemServices::{
    ACCESS_ALLOWED_ACE_TYPE as ALLOWED, ACCESS_DENIED_ACE_TYPE as DENIED,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::handle::{check, wide};
use crate::Perms;

/// Everyone, as a SID.
const EVERYONE: &str = "S-1-1-0";

// Rights by number, as the kernel has them.
const READ_CONTROL: u32 = 0x0002_0000;
const SYNCHRONIZE: u32 = 0x0010_0000;
const DELETE: u32 = 0x0001_0000;
const SECTION_QUERY: u32 = 1;
const SECTION_MAP_WRITE: u32 = 2;
const SECTION_MAP_READ: u32 = 4;
const EVENT_MODIFY_STATE: u32 = 2;
const FILE_READ_DATA: u32 = 1;
const FILE_WRITE_DATA: u32 = 2;
const FILE_READ_ATTRIBUTES: u32 = 0x80;
const FILE_GENERIC_READ: u32 = 0x0012_0089;
const FILE_GENERIC_WRITE: u32 = 0x0012_0116;

/// What an object is, as far as its rights are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Memory.
    Section,
    /// A persistent segment.
    File,
}

impl Kind {
    /// What somebody needs who reads.
    fn read(self) -> u32 {
        match self {
            Self::Section => SECTION_QUERY | SECTION_MAP_READ | READ_CONTROL,
            Self::File => FILE_GENERIC_READ,
        }
    }

    /// What somebody needs who writes.
    fn write(self) -> u32 {
        match self {
            Self::Section => SECTION_QUERY | SECTION_MAP_WRITE | READ_CONTROL,
            Self::File => FILE_GENERIC_WRITE,
        }
    }

    /// The rights of those that only reading, and only writing, needs.
    fn decisive(self) -> (u32, u32) {
        match self {
            Self::Section => (SECTION_MAP_READ, SECTION_MAP_WRITE),
            Self::File => (FILE_READ_DATA, FILE_WRITE_DATA),
        }
    }

    /// What the owner may whatever the bits say: remove a file that he made, as on UNIX.
    fn always(self) -> u32 {
        match self {
            Self::Section => 0,
            Self::File => DELETE | SYNCHRONIZE | READ_CONTROL | FILE_READ_ATTRIBUTES,
        }
    }

    fn object_type(self) -> SE_OBJECT_TYPE {
        match self {
            Self::Section => SE_KERNEL_OBJECT,
            Self::File => SE_FILE_OBJECT,
        }
    }
}

/// A security descriptor for a new object.
#[derive(Debug)]
pub(super) struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    /// Exactly the bits of `perms`, for this user and for everyone.
    pub(super) fn of_perms(perms: Perms, kind: Kind) -> io::Result<Self> {
        Self::parse(&sddl_of_perms(perms, kind, this_user()?))
    }

    /// For a name that is taken for a moment: whoever finds it sees that it is.
    pub(super) fn readable_by_all() -> io::Result<Self> {
        let (read, user) = (Kind::Section.read(), this_user()?);
        Self::parse(&format!("O:{user}D:P(A;;{read:#x};;;{EVERYONE})"))
    }

    /// For what says that a writer lives: all who may write can look, and nobody else.
    pub(super) fn of_a_writer(audience: &Audience) -> io::Result<Self> {
        let look = SYNCHRONIZE | READ_CONTROL;
        audience.descriptor(look, if audience.others_write { look } else { 0 })
    }

    /// For what says that somebody only looks: all can count those, and be among them.
    pub(super) fn of_an_observer() -> io::Result<Self> {
        let (look, user) = (SYNCHRONIZE | READ_CONTROL, this_user()?);
        Self::parse(&format!("O:{user}D:P(A;;{look:#x};;;{EVERYONE})"))
    }

    /// For what sleepers wait on: writers set it, readers wait.
    pub(super) fn of_a_bell(audience: &Audience) -> io::Result<Self> {
        let (set, wait) = (SYNCHRONIZE | READ_CONTROL | EVENT_MODIFY_STATE, SYNCHRONIZE | READ_CONTROL);
        let others = if audience.others_write { set } else { wait * u32::from(audience.others_read) };
        audience.descriptor(set, others)
    }

    fn parse(sddl: &str) -> io::Result<Self> {
        let mut descriptor = null_mut();
        let text = wide(sddl);
        // SAFETY: the text ends with a NUL, and the call stores a descriptor that it has allocated.
        check(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                null_mut(),
            )
        })?;
        Ok(Self(descriptor))
    }

    /// As calls that make objects take it. The handle is not inherited by children.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the call that made it allocated it so, and this is its only owner.
        unsafe { LocalFree(self.0) };
    }
}

fn sddl_of_perms(perms: Perms, kind: Kind, user: &str) -> String {
    let (user_bits, others_bits) = (perms.mode() >> 6 & 6, perms.mode() & 6);
    let rights = |bits: u32| {
        let read = if bits & 4 == 0 { 0 } else { kind.read() };
        let write = if bits & 2 == 0 { 0 } else { kind.write() };
        read | write
    };
    let (read, write) = kind.decisive();
    let kept_from_user = others_bits & !user_bits;
    let denied = read * (kept_from_user >> 2 & 1) + write * (kept_from_user >> 1 & 1);
    let entry = |kind: &str, rights: u32, whom: &str| match rights {
        0 => String::new(),
        rights => format!("({kind};;{rights:#x};;;{whom})"),
    };
    [
        format!("O:{user}D:P"),
        entry("D", denied, user),
        entry("A", rights(user_bits) | kind.always(), user),
        entry("A", rights(others_bits), EVERYONE),
    ]
    .concat()
}

/// Who may use a segment, as its security descriptor says.
#[derive(Clone, Debug)]
pub(super) struct Audience {
    /// The owner's SID.
    owner: String,
    owner_reads: bool,
    owner_writes: bool,
    others_read: bool,
    others_write: bool,
}

impl Audience {
    /// Of an open segment.
    pub(super) fn of(handle: impl AsHandle, kind: Kind) -> io::Result<Self> {
        let information = Information::of(handle, kind.object_type())?;
        let owner = information.owner()?;
        let (everyone, denied) = (information.rights_of(EVERYONE, ALLOWED)?, information.rights_of(&owner, DENIED)?);
        // Everyone is the owner too, unless an entry keeps him out.
        let own = information.rights_of(&owner, ALLOWED)? | everyone & !denied;
        let (read, write) = kind.decisive();
        Ok(Self {
            owner,
            owner_reads: own & read != 0,
            owner_writes: own & write != 0,
            others_read: everyone & read != 0,
            others_write: everyone & write != 0,
        })
    }

    /// A number for the owner, where others have user ids: the last part of his SID.
    pub(super) fn uid(&self) -> u32 {
        uid(&self.owner)
    }

    /// Who may do what, as permission bits: what everyone may, a group may.
    pub(super) fn mode(&self) -> u32 {
        let bits = |read: bool, write: bool| u32::from(read) << 2 | u32::from(write) << 1;
        bits(self.owner_reads, self.owner_writes) * 0o100 + bits(self.others_read, self.others_write) * 0o11
    }

    /// Whether whoever made the object behind `handle` may write the segment.
    pub(super) fn has_writer_who_made(&self, handle: impl AsHandle) -> io::Result<bool> {
        Ok(self.others_write || Information::of(handle, SE_KERNEL_OBJECT)?.owner()? == self.owner)
    }

    /// `rights` for the segment's owner and this user, `of_others` for everyone.
    fn descriptor(&self, rights: u32, of_others: u32) -> io::Result<Descriptor> {
        let (owner, user) = (&self.owner, this_user()?);
        let others = if of_others == 0 { String::new() } else { format!("(A;;{of_others:#x};;;{EVERYONE})") };
        Descriptor::parse(&format!("O:{user}D:P(A;;{rights:#x};;;{owner})(A;;{rights:#x};;;{user}){others}"))
    }
}

/// An object's owner and its list of who may do what.
struct Information {
    descriptor: Descriptor,
    owner: PSID,
    list: *mut ACL,
}

impl Information {
    fn of(handle: impl AsHandle, kind: SE_OBJECT_TYPE) -> io::Result<Self> {
        let (mut owner, mut list, mut descriptor) = (null_mut(), null_mut(), null_mut());
        // SAFETY: the handle is open; the call allocates a descriptor and stores where owner and list stand in it.
        let outcome = unsafe {
            GetSecurityInfo(
                handle.as_handle().as_raw_handle(),
                kind,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                &raw mut owner,
                null_mut(),
                &raw mut list,
                null_mut(),
                &raw mut descriptor,
            )
        };
        if outcome != ERROR_SUCCESS {
            return Err(io::Error::from_raw_os_error(outcome as i32));
        }
        Ok(Self { descriptor: Descriptor(descriptor), owner, list })
    }

    fn owner(&self) -> io::Result<String> {
        debug_assert!(!self.descriptor.0.is_null());
        text_of(self.owner)
    }

    /// What entries of a type say of `whom`.
    fn rights_of(&self, whom: &str, entries: u32) -> io::Result<u32> {
        if self.list.is_null() {
            // No list at all: everyone may do everything.
            return Ok(if entries == ALLOWED { u32::MAX } else { 0 });
        }
        // SAFETY: the list stands in the descriptor, which `self` owns.
        let count = unsafe { (*self.list).AceCount };
        let mut rights = 0;
        for i in 0..count {
            let mut entry = null_mut();
            // SAFETY: the list is valid, as above; the call stores where the entry stands in it.
            check(unsafe { GetAce(self.list, i.into(), &raw mut entry) })?;
            let entry: *const ACCESS_ALLOWED_ACE = entry.cast();
            // SAFETY: every entry begins with a header of this type.
            let kind = unsafe { (*entry).Header.AceType };
            if u32::from(kind) != entries {
                continue;
            }
            // SAFETY: entries of both types have rights and a SID.
            let sid = unsafe { &raw const (*entry).SidStart };
            if text_of(sid.cast_mut().cast())? == whom {
                // SAFETY: as above.
                rights |= unsafe { (*entry).Mask };
            }
        }
        Ok(rights)
    }
}

/// A SID as text.
fn text_of(sid: PSID) -> io::Result<String> {
    let mut text = null_mut();
    // SAFETY: the caller's SID is valid; the call allocates a string that ends with a NUL.
    check(unsafe { ConvertSidToStringSidW(sid, &raw mut text) })?;
    let mut len = 0;
    loop {
        // SAFETY: no unit before this was the NUL.
        let unit = unsafe { text.add(len) };
        // SAFETY: as above.
        if unsafe { *unit } == 0 {
            break;
        }
        len += 1;
    }
    // SAFETY: so many units stand before the NUL.
    let string = String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, len) });
    // SAFETY: the call allocated it so.
    unsafe { LocalFree(text.cast()) };
    Ok(string)
}

/// The last part of a SID: what tells the users of one machine apart.
fn uid(sid: &str) -> u32 {
    sid.rsplit('-').next().and_then(|part| part.parse().ok()).unwrap_or(u32::MAX)
}

/// The number of this process's user.
pub(super) fn this_uid() -> u32 {
    this_user().map_or(u32::MAX, uid)
}

/// The SID of this process's user.
fn this_user() -> io::Result<&'static str> {
    static USER: OnceLock<String> = OnceLock::new();
    if let Some(user) = USER.get() {
        return Ok(user);
    }
    let user = user_of_this_process()?;
    Ok(USER.get_or_init(|| user))
}

fn user_of_this_process() -> io::Result<String> {
    let mut token = null_mut();
    // SAFETY: the pseudo-handle of this process is always open.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: the call stores a handle that is then ours.
    check(unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) })?;
    // SAFETY: nobody else knows the handle.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // A TOKEN_USER and the SID that it points to, of at most 68 bytes; in words, for the alignment.
    let mut user = [0u64; 32];
    let mut len = 0;
    // SAFETY: the call writes no more than the bytes that it is given.
    check(unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            user.as_mut_ptr().cast(),
            size_of_val(&user) as u32,
            &raw mut len,
        )
    })?;
    let user: *const TOKEN_USER = user.as_ptr().cast();
    // SAFETY: the call has filled the structure in.
    let sid = unsafe { (*user).User.Sid };
    text_of(sid)
}

/// No attributes: what the system gives by default.
pub(super) const fn no_attributes() -> *const SECURITY_ATTRIBUTES {
    null()
}

#[cfg(test)]
mod tests {
    use super::{Kind, sddl_of_perms, uid};
    use crate::Perms;

    fn sddl(mode: u32, kind: Kind) -> String {
        sddl_of_perms(Perms::from_mode(mode).unwrap(), kind, "S-1-5-21-7-1001")
    }

    #[test]
    fn the_bits_become_entries_for_the_user_and_everyone() {
        const USER: &str = "S-1-5-21-7-1001";
        assert_eq!(sddl(0o600, Kind::Section), format!("O:{USER}D:P(A;;0x20007;;;{USER})"));
        assert_eq!(sddl(0o400, Kind::Section), format!("O:{USER}D:P(A;;0x20005;;;{USER})"));
        assert_eq!(sddl(0o644, Kind::Section), format!("O:{USER}D:P(A;;0x20007;;;{USER})(A;;0x20005;;;S-1-1-0)"));
        assert_eq!(sddl(0o000, Kind::Section), format!("O:{USER}D:P"), "nobody");
        assert_eq!(sddl(0o660, Kind::Section), sddl(0o600, Kind::Section), "the group's bits say nothing");
        assert_eq!(sddl(0o444, Kind::File), format!("O:{USER}D:P(A;;0x130089;;;{USER})(A;;0x120089;;;S-1-1-0)"));
    }

    #[test]
    fn what_only_others_may_is_denied_to_the_user() {
        assert_eq!(
            sddl(0o406, Kind::Section),
            "O:S-1-5-21-7-1001D:P(D;;0x2;;;S-1-5-21-7-1001)(A;;0x20005;;;S-1-5-21-7-1001)(A;;0x20007;;;S-1-1-0)"
        );
        assert!(sddl(0o006, Kind::File).starts_with("O:S-1-5-21-7-1001D:P(D;;0x3;;;S-1-5-21-7-1001)"));
    }

    #[test]
    fn a_user_s_number_is_the_last_part_of_the_sid() {
        assert_eq!((uid("S-1-5-21-7-1001"), uid("S-1-5-18")), (1001, 18));
    }
}
