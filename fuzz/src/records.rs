//! Records of several shapes.

use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use shmrec::{FixedStr, FixedVec, SharedRecord};

/// Numbers of every width, and letters.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Plain {
    a: u8,
    b: i16,
    c: u32,
    d: i64,
    e: u128,
    f: bool,
    g: char,
    h: [u16; 3],
}

/// What has a length of its own.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Texts {
    #[record(capacity = 11)]
    name: String,
    short: FixedStr<6>,
    #[record(capacity = 5)]
    counts: Vec<u16>,
    marks: FixedVec<u8, 7>,
    #[record(capacity = (3, 5))]
    lines: Vec<String>,
}

/// What is one of several.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub enum Form {
    /// Nothing more.
    Empty,
    /// A number.
    Circle(u32),
    /// Several fields.
    Box {
        /// A number.
        width: u16,
        /// Perhaps one.
        height: Option<u64>,
    },
}

/// Options and enums, one in the other.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Choices {
    maybe: Option<u32>,
    twice: Option<Option<bool>>,
    form: Form,
    forms: [Form; 2],
    some: Option<Form>,
    port: NonZeroU16,
    address: IpAddr,
    pause: Duration,
}

impl Choices {
    /// One of them.
    pub(crate) fn example() -> Self {
        Self {
            maybe: Some(1),
            twice: Some(None),
            form: Form::Circle(3),
            forms: [Form::Empty, Form::Box { width: 2, height: Some(5) }],
            some: None,
            port: NonZeroU16::MIN,
            address: IpAddr::from([127, 0, 0, 1]),
            pause: Duration::from_millis(1500),
        }
    }
}

/// Records in records.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Nested {
    plain: Plain,
    #[record(capacity = 2)]
    inner: Vec<Leaf>,
    pair: (u8, i32),
}

/// One of those.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Leaf {
    on: bool,
    at: u64,
}

/// What is read and written without an image of its own: its memory is its image.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Direct {
    a: u64,
    b: [u32; 4],
    c: u64,
}
