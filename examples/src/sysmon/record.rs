//! What `sysmon` publishes.

use shmrec::{FixedStr, SharedRecord};

use crate::proc::host::Load;
use crate::proc::memory::Memory;

/// The most cores that the record has room for.
pub const CORES: usize = 256;
/// The most interfaces, and the most disks.
pub const DEVICES: usize = 32;
/// How many of the busiest processes are in the record.
pub const TOP: usize = 10;
/// Bytes of a device's name, a process's name, the names of machine and kernel. Longer ones are cut.
pub const NAME: usize = 32;
/// See [`NAME`].
pub const LONG_NAME: usize = 64;

/// A machine's figures. Rates are over the last second or so.
#[derive(SharedRecord, Clone, Debug, Default, PartialEq)]
#[record(name = "sysmon")]
pub struct Machine {
    /// Whose figures these are: at most one program publishes at a time.
    pub publisher: Publisher,
    /// When they were read: nanoseconds since 1970.
    pub taken: u64,
    /// The machine and its system.
    pub host: Host,
    /// How much there is to do.
    pub load: Load,
    /// All cores together.
    pub cpu: Option<Usage>,
    /// The cores that are online.
    #[record(capacity = CORES)]
    pub cores: Vec<Core>,
    /// The memory.
    pub memory: Memory,
    /// The network interfaces, those with the most traffic since boot first.
    #[record(capacity = DEVICES)]
    pub interfaces: Vec<Traffic>,
    /// The disks, those with the most traffic since boot first.
    #[record(capacity = DEVICES)]
    pub disks: Vec<Traffic>,
    /// How many processes the publisher may see.
    pub processes: u32,
    /// Those of them that took the most processor time.
    #[record(capacity = TOP)]
    pub top: Vec<Process>,
    /// What there was no room for.
    pub left_out: LeftOut,
}

/// Who publishes.
#[derive(SharedRecord, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Publisher {
    /// Its process id.
    pub pid: u32,
    /// When it began, in nanoseconds since 1970: a process id alone may come again.
    pub began: u64,
}

/// A machine and its system.
#[derive(SharedRecord, Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The machine's name.
    #[record(capacity = LONG_NAME)]
    pub name: String,
    /// The kernel's release.
    #[record(capacity = LONG_NAME)]
    pub kernel: String,
    /// Milliseconds since boot.
    pub uptime: u64,
}

/// What the time was spent on, in per cent.
#[derive(SharedRecord, Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Programs.
    pub user: f32,
    /// The kernel.
    pub system: f32,
    /// Nothing, while a disk was waited for.
    pub iowait: f32,
    /// Taken by the host of this virtual machine for others.
    pub steal: f32,
    /// Nothing.
    pub idle: f32,
}

impl Usage {
    /// All that was not idle.
    #[must_use]
    pub fn busy(&self) -> f32 {
        self.user + self.system + self.steal
    }
}

/// A core.
#[derive(SharedRecord, Clone, Copy, Debug, Default, PartialEq)]
pub struct Core {
    /// The kernel's number for it. Numbers of cores that are offline are missing.
    pub number: u32,
    /// What it did; nothing when it has just come online.
    pub usage: Option<Usage>,
}

/// What goes through an interface or a disk.
#[derive(SharedRecord, Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// The device.
    pub name: FixedStr<NAME>,
    /// What is received or read.
    pub inward: Flow,
    /// What is sent or written.
    pub outward: Flow,
}

/// Bytes in one direction.
#[derive(SharedRecord, Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Since boot.
    pub total: u64,
    /// A second; nothing when the device has just come.
    pub per_second: Option<f64>,
}

/// A process.
#[derive(SharedRecord, Clone, Debug, Default, PartialEq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its name, which it chose itself.
    #[record(capacity = LONG_NAME)]
    pub name: String,
    /// Processor time, in per cent of one core: with several threads it may be more than 100.
    pub cpu: f32,
    /// Bytes that it has in memory.
    pub resident: u64,
}

/// How many there was no room for.
#[derive(SharedRecord, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Cores.
    pub cores: u32,
    /// Network interfaces.
    pub interfaces: u32,
    /// Disks.
    pub disks: u32,
}

#[cfg(test)]
mod tests {
    use shmrec::{SharedField, SharedRecord};

    use super::{Core, Machine};

    #[test]
    fn a_full_record_fits_into_its_image() {
        let machine = Machine { cores: vec![Core::default(); super::CORES], ..Machine::default() };
        let mut image = vec![0; Machine::SIZE];
        machine.store(&mut image).unwrap();
        assert_eq!(Machine::load(&image).unwrap(), machine);
        assert!((8 << 10..32 << 10).contains(&Machine::SIZE), "{} bytes", Machine::SIZE);
    }

    #[test]
    fn a_reader_finds_a_figure_by_its_path() {
        assert_eq!(
            Machine::fields().load.then(crate::proc::host::Load::fields().averages).at(1).path(),
            "load.averages[1]"
        );
    }
}
