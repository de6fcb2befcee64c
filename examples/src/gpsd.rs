//! What gpsd exports: its whole state in a System V segment, with a tick on both sides.
//!
//! Its document is gpsd's source: `struct shmexport_t` in `include/gpsd.h`, `struct gps_data_t` in `include/gps.h`, and `shm_update` in
//! `gpsd/shmexport.c`. The struct differs between versions of libgps. The one here is that of API 11 (gpsd 3.22 and 3.23,
//! which Debian 12 has): of other versions the segment has another length, and is refused.

use std::time::{Duration, SystemTime};

use shmrec::foreign::{Bookends, Consistency, ForeignOptions, ForeignPlace};
use shmrec::{Key, SharedRecord};

/// The segment's key, "GPSD", unless gpsd was told another one by `$GPSD_SHM_KEY`.
pub const KEY: i32 = 0x4750_5344;

/// `struct shmexport_t`, as far as the fix goes; the rest as bytes.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[record(size = 24512, align = 8)]
pub struct Export {
    /// The tick that a reader looks at first and gpsd stores last.
    pub bookend1: i32,
    /// Which fields have been set.
    #[record(offset = 8)]
    pub set: u64,
    /// Since when a receiver is on line, in seconds since 1970; 0 if none is.
    pub online_sec: i64,
    /// Nanoseconds of it.
    pub online_nsec: i64,
    /// A mark of gpsd's own.
    pub gps_fd: i32,
    /// The time of the fix, in seconds since 1970.
    #[record(offset = 40)]
    pub time_sec: i64,
    /// Nanoseconds of it.
    pub time_nsec: i64,
    /// 0 not seen, 1 no fix, 2 latitude and longitude, 3 altitude too.
    pub mode: i32,
    /// How the fix was made.
    pub status: i32,
    /// Uncertainty of the time, in seconds.
    pub ept: f64,
    /// Degrees.
    #[record(offset = 72)]
    pub latitude: f64,
    /// Uncertainty of the latitude, in metres.
    pub epy: f64,
    /// Degrees.
    pub longitude: f64,
    /// Uncertainty of the longitude, in metres.
    pub epx: f64,
    /// Of older versions.
    pub altitude: f64,
    /// Height above the ellipsoid, in metres.
    pub alt_hae: f64,
    /// Height above the sea, in metres.
    #[record(offset = 120)]
    pub alt_msl: f64,
    /// Uncertainty of the height, in metres.
    pub epv: f64,
    /// Course over ground, in degrees from north.
    pub track: f64,
    /// Uncertainty of the course.
    pub epd: f64,
    /// Metres per second.
    #[record(offset = 152)]
    pub speed: f64,
    /// All that follows: errors, satellites, attitude, the last packets.
    pub rest: [u8; 24344],
    /// The tick that gpsd stores first and a reader looks at last.
    #[record(offset = 24504)]
    pub bookend2: i32,
}

impl Export {
    /// When the fix was made.
    #[must_use]
    pub fn time(&self) -> Option<SystemTime> {
        let (sec, nsec) = (u64::try_from(self.time_sec).ok()?, u32::try_from(self.time_nsec).ok()?);
        SystemTime::UNIX_EPOCH.checked_add(Duration::new(sec, nsec.min(999_999_999)))
    }
}

/// gpsd's segment under a key.
pub fn export(key: Key) -> ForeignOptions<Export> {
    let f = Export::fields();
    let rule = Consistency::Bookends(Bookends::new(f.bookend1, f.bookend2));
    ForeignOptions::new(ForeignPlace::key(key), rule).read_timeout(Duration::from_millis(200))
}
