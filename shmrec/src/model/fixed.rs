//! A string without an allocation.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::str::FromStr;

use super::containers::{store_text, text};
use super::layout::string_size;
use super::{LoadError, SharedField, StoreError, TypeDesc};

/// At most `N` bytes of UTF-8, held inline: `Copy`, no allocation, and a field without an attribute.
///
/// Its image is that of a `String` with `#[record(capacity = N)]`: the two may stand on the two sides of one segment.
///
/// ```
/// use shmrec::FixedStr;
///
/// let host: FixedStr<16> = "alpha".parse()?;
/// assert_eq!(&*host, "alpha");
/// assert!("a name that is much too long".parse::<FixedStr<16>>().is_err());
/// # Ok::<(), shmrec::StoreError>(())
/// ```
#[derive(Clone, Copy)]
pub struct FixedStr<const N: usize> {
    // UTF-8 up to `len`, zero behind it.
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> FixedStr<N> {
    /// The empty string.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Both constructors took the bytes from a `str`, whole.
        std::str::from_utf8(&self.bytes[..self.len]).expect("a FixedStr holds UTF-8")
    }
}

impl<const N: usize> FromStr for FixedStr<N> {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let mut bytes = [0; N];
        match bytes.get_mut(..text.len()) {
            Some(front) => front.copy_from_slice(text.as_bytes()),
            None => return Err(StoreError::capacity(text.len(), N)),
        }
        Ok(Self { bytes, len: text.len() })
    }
}

impl<const N: usize> TryFrom<&str> for FixedStr<N> {
    type Error = StoreError;

    fn try_from(text: &str) -> Result<Self, StoreError> {
        text.parse()
    }
}

impl<const N: usize> Default for FixedStr<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for FixedStr<N> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> AsRef<str> for FixedStr<N> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl<const N: usize> Borrow<str> for FixedStr<N> {
    fn borrow(&self) -> &str {
        self
    }
}

impl<const N: usize> fmt::Display for FixedStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<const N: usize> fmt::Debug for FixedStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<const N: usize, const M: usize> PartialEq<FixedStr<M>> for FixedStr<N> {
    fn eq(&self, other: &FixedStr<M>) -> bool {
        **self == **other
    }
}

impl<const N: usize> Eq for FixedStr<N> {}

impl<const N: usize> PartialEq<str> for FixedStr<N> {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl<const N: usize> PartialEq<&str> for FixedStr<N> {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl<const N: usize> PartialOrd for FixedStr<N> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for FixedStr<N> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl<const N: usize> Hash for FixedStr<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<const N: usize> SharedField for FixedStr<N> {
    const SIZE: usize = string_size(N);
    const ALIGN: usize = u32::ALIGN;
    const TYPE: TypeDesc = TypeDesc::String { capacity: N };

    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        store_text(self, N, image)
    }

    fn load(image: &[u8]) -> Result<Self, LoadError> {
        let text = text(image, N)?;
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len: text.len() })
    }

    fn check(image: &[u8]) -> Result<(), LoadError> {
        text(image, N).map(drop)
    }
}
