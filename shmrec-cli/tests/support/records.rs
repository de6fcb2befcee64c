//! A record of all sorts.
#![allow(dead_code, reason = "not every test program uses all of it")]

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime};

use shmrec::SharedRecord;

#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Nothing,
    Circle {
        /// In metres.
        radius: f64,
    },
    Polygon(#[record(capacity = 3)] Vec<(f32, f32)>),
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[repr(i8)]
pub(crate) enum Level {
    Low = -1,
    High = 1,
}

/// One of the robot's axes.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// In radians.
    pub(crate) position: f64,
    pub(crate) limits: [f32; 2],
}

/// A robot, as a whole.
///
#[doc = " With an escape in its docs: \u{1b}[31mred."]
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub(crate) struct Robot {
    /// Which one.
    pub(crate) serial: u32,
    pub(crate) big: u128,
    pub(crate) small: i8,
    pub(crate) flag: bool,
    pub(crate) letter: char,
    /// What people call it.
    #[record(capacity = 12)]
    pub(crate) name: String,
    pub(crate) axes: [Axis; 2],
    pub(crate) shape: Shape,
    pub(crate) level: Level,
    pub(crate) home: Option<Axis>,
    #[record(capacity = 4)]
    pub(crate) tags: Vec<u16>,
    #[record(capacity = (2, 5))]
    pub(crate) labels: Vec<String>,
    pub(crate) pair: (u8, i64),
    pub(crate) maybe: Option<Option<u8>>,
    pub(crate) count: NonZeroU16,
    pub(crate) took: Duration,
    pub(crate) at: SystemTime,
    pub(crate) ip: IpAddr,
    pub(crate) peer: SocketAddr,
    pub(crate) samples: [f32; 40],
}

pub(crate) fn robot() -> Robot {
    let axis = |n: f64| Axis { position: n, limits: [-1.0, 1.0] };
    Robot {
        serial: 7,
        big: u128::MAX - 1,
        small: -3,
        flag: true,
        letter: 'ß',
        name: "arm\u{1b}[31m".into(),
        axes: [axis(0.5), axis(2.5)],
        shape: Shape::Polygon(vec![(1.0, 2.0), (3.0, 4.0)]),
        level: Level::Low,
        home: Some(axis(9.0)),
        tags: vec![4, 5],
        labels: vec!["a".into(), "b b".into()],
        pair: (1, -1),
        maybe: Some(None),
        count: NonZeroU16::MIN,
        took: Duration::new(1, 5),
        at: SystemTime::UNIX_EPOCH + Duration::from_millis(1500),
        ip: Ipv6Addr::LOCALHOST.into(),
        peer: ([127, 0, 0, 1], 80).into(),
        samples: std::array::from_fn(|i| i as f32 / 4.0),
    }
}

/// A small one.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub(crate) struct Room {
    #[record(capacity = 16)]
    pub(crate) name: String,
    pub(crate) target: f32,
    pub(crate) level: u8,
}

pub(crate) fn room(level: u8) -> Room {
    Room { name: "kitchen".into(), target: 20.5, level }
}
