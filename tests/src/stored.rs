//! The record of the segment that is stored in `data/format1.segment`. It stays as it is for ever: a change here is a change
//! of what old files are read as.

use shmrec::SharedRecord;

/// What a weather station says.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[record(name = "weather.Station", size = 112)]
pub struct Station {
    /// Counts from 1.
    pub sequence: u64,
    /// What it does.
    pub state: State,
    /// Whether it does.
    pub raining: bool,
    /// For a display.
    pub symbol: char,
    /// Degrees Celsius.
    pub temperature: f64,
    /// Where it stands.
    #[record(capacity = 10)]
    pub name: String,
    /// Kilometres per hour, the last first.
    #[record(capacity = 3)]
    pub gusts: Vec<i16>,
    /// Now.
    pub wind: Wind,
    /// Millivolts; none on the mains.
    pub battery: Option<u32>,
    /// As on its plate.
    pub serial: u128,
    /// Rain of the last hours.
    pub hours: [u16; 3],
}

/// What a station does.
#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub enum State {
    /// Nothing.
    Off,
    /// It measures.
    #[record(rename = "measuring")]
    On = 4,
}

/// Speed and direction.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Wind {
    /// Metres per second.
    pub speed: f32,
    /// Degrees from north.
    pub from: u16,
}

impl Station {
    /// The name of the stored segment.
    pub const SEGMENT: &'static str = "format1";

    /// How many slots it has.
    pub const SLOTS: u32 = 2;

    /// How many versions were written to it.
    pub const VERSIONS: u64 = 3;

    /// The record that version `version` of the stored segment is.
    #[must_use]
    pub fn version(version: u64) -> Self {
        Self {
            sequence: version,
            state: if version == 1 { State::Off } else { State::On },
            raining: version % 2 == 1,
            symbol: '☂',
            temperature: -0.5 * version as f64,
            name: format!("Größe {version}"),
            gusts: (1..=version.min(3) as i16).map(|i| -100 * i).collect(),
            wind: Wind { speed: 2.25, from: 359 },
            battery: (version > 1).then_some(3700),
            serial: 0x0123_4567_89ab_cdef_0011_2233_4455_6677,
            hours: [1, 0x203, version as u16],
        }
    }
}
