//! The shared memory clock of NTP: the record that receivers of GPS, DCF77 and the like write, and that ntpd and chronyd read.
//!
//! Its document is the source of ntpd's `refclock_shm.c`, and chronyd and gpsd speak it too. The segment of unit `N` has the
//! key `0x4e545030 + N` ("NTP0"). Units 0 and 1 are for root's own, by custom of mode 0600; others of mode 0666.

use std::time::{Duration, SystemTime};

use shmrec::foreign::{Consistency, ForeignOptions, ForeignPlace, Sequence};
use shmrec::{Key, KeyError, Perms, SharedRecord};

/// The key of unit 0.
pub const KEY: i32 = 0x4e54_5030;

/// One measurement: what a reference clock said, and what this machine's clock said at that moment. C's `struct shmTime`, with a
/// `time_t` of 64 bits.
#[derive(SharedRecord, Clone, Debug, Default, PartialEq)]
#[record(size = 96, align = 8)]
pub struct ShmTime {
    /// 1: `count` is the same before and after a whole copy. (0: `valid` alone says so.)
    pub mode: i32,
    /// Counted up before and after every write.
    pub count: i32,
    /// The reference's time, in seconds since 1970.
    pub clock_sec: i64,
    /// Microseconds of it.
    pub clock_usec: i32,
    /// This machine's time at that moment.
    #[record(offset = 24)]
    pub receive_sec: i64,
    /// Microseconds of it.
    pub receive_usec: i32,
    /// Leap second: 0 none, 1 one more, 2 one fewer, 3 not synchronised.
    pub leap: i32,
    /// 2 to this power seconds.
    pub precision: i32,
    /// How many measurements went into this one.
    pub samples: i32,
    /// 1: not yet read. Whoever uses it makes it 0.
    #[record(offset = 48)]
    pub valid: i32,
    /// Nanoseconds of the reference's time.
    pub clock_nsec: u32,
    /// Nanoseconds of this machine's.
    pub receive_nsec: u32,
    /// For the future.
    pub reserved: [i32; 8],
}

impl ShmTime {
    /// What a reference said at a moment of this machine's clock.
    #[must_use]
    pub fn new(clock: SystemTime, receive: SystemTime) -> Self {
        let (clock, receive) = (Parts::of(clock), Parts::of(receive));
        Self {
            mode: 1,
            clock_sec: clock.sec,
            clock_usec: clock.nsec as i32 / 1000,
            clock_nsec: clock.nsec,
            receive_sec: receive.sec,
            receive_usec: receive.nsec as i32 / 1000,
            receive_nsec: receive.nsec,
            precision: -20,
            samples: 3,
            ..Self::default()
        }
    }

    /// How far the reference was ahead of this machine, in seconds.
    #[must_use]
    pub fn offset(&self) -> f64 {
        let nanos = |usec: i32, nsec: u32| {
            // Writers that know microseconds only leave the nanoseconds 0, or what they were.
            if nsec < 1_000_000_000 && i64::from(nsec / 1000) == i64::from(usec) {
                f64::from(nsec)
            } else {
                f64::from(usec) * 1e3
            }
        };
        let seconds = self.clock_sec.wrapping_sub(self.receive_sec) as f64;
        seconds + (nanos(self.clock_usec, self.clock_nsec) - nanos(self.receive_usec, self.receive_nsec)) / 1e9
    }
}

/// Seconds since 1970, and nanoseconds.
struct Parts {
    sec: i64,
    nsec: u32,
}

impl Parts {
    fn of(time: SystemTime) -> Self {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self { sec: after.as_secs() as i64, nsec: after.subsec_nanos() },
            // Before 1970 there was no NTP.
            Err(_) => Self { sec: 0, nsec: 0 },
        }
    }
}

/// A unit's segment, for one who writes measurements: `valid` is taken away while it writes, and given in the end.
///
/// # Errors
///
/// For a unit whose key does not exist.
pub fn feeding(unit: u8) -> Result<ForeignOptions<ShmTime>, KeyError> {
    let f = ShmTime::fields();
    let rule = Consistency::Sequence(Sequence::new(f.count).valid_while(f.valid, 1));
    let perms = if unit < 2 { Perms::RW } else { Perms::RWRWRW };
    Ok(ForeignOptions::new(place(unit)?, rule).perms(perms))
}

/// A unit's segment, for one who looks on: the record may be valid or used. A copy that says that it is valid, under the same
/// count before and after, is whole.
///
/// # Errors
///
/// For a unit whose key does not exist.
pub fn watching(unit: u8) -> Result<ForeignOptions<ShmTime>, KeyError> {
    let rule = Consistency::Sequence(Sequence::new(ShmTime::fields().count));
    Ok(ForeignOptions::new(place(unit)?, rule).read_timeout(Duration::from_millis(100)))
}

fn place(unit: u8) -> Result<ForeignPlace, KeyError> {
    Key::raw(KEY + i32::from(unit)).map(ForeignPlace::key)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use shmrec::SharedRecord;

    use super::ShmTime;

    #[test]
    fn the_layout_is_c_s() {
        // As a C compiler has it on 64-bit Linux.
        let f = ShmTime::fields();
        let offsets = [
            f.mode.offset(),
            f.count.offset(),
            f.clock_sec.offset(),
            f.clock_usec.offset(),
            f.receive_sec.offset(),
            f.receive_usec.offset(),
            f.leap.offset(),
            f.precision.offset(),
            f.samples.offset(),
            f.valid.offset(),
            f.clock_nsec.offset(),
            f.receive_nsec.offset(),
            f.reserved.offset(),
        ];
        assert_eq!(offsets, [0, 4, 8, 16, 24, 32, 36, 40, 44, 48, 52, 56, 60]);
    }

    #[test]
    fn offsets_have_nanoseconds_where_the_writer_has() {
        let now = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        let sample = ShmTime::new(now + Duration::from_nanos(1_500), now);
        assert!((sample.offset() - 1.5e-6).abs() < 1e-12, "{}", sample.offset());
        let coarse = ShmTime { clock_nsec: 0, receive_nsec: 0, ..sample };
        assert!((coarse.offset() - 2e-6).abs() < 1e-12, "{}", coarse.offset());
        let behind = ShmTime::new(now - Duration::from_secs(2), now);
        assert!((behind.offset() + 2.0).abs() < 1e-12);
    }
}
