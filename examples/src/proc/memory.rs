//! `/proc/meminfo`: what the memory is used for.

use shmrec::SharedRecord;

/// The memory, in bytes.
///
/// A figure that is published as the kernel gives it, so the parser's own type is the nested record.
#[derive(SharedRecord, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All that the kernel manages.
    pub total: u64,
    /// Used for nothing at all.
    pub free: u64,
    /// What programs could still get without swapping. Kernels before 3.14 do not say.
    pub available: Option<u64>,
    /// Copies of what stands on disks, given up when the memory is needed.
    pub cached: u64,
    /// Room for pages that were moved out of memory.
    pub swap_total: u64,
    /// The part of it that is not used.
    pub swap_free: u64,
}

impl Memory {
    /// What programs use: all that cannot be had without swapping.
    #[must_use]
    pub fn used(&self) -> u64 {
        let available = self.available.unwrap_or_else(|| self.free.saturating_add(self.cached));
        self.total.saturating_sub(available)
    }
}

/// Reads `/proc/meminfo`. A figure that is not there is zero.
#[must_use]
pub fn parse(text: &str) -> Memory {
    let mut memory = Memory::default();
    for (name, rest) in text.lines().filter_map(|line| line.split_once(':')) {
        // The unit has been kB for ever, and means 1024 bytes.
        let kibibytes = rest.split_ascii_whitespace().next().and_then(|number| number.parse::<u64>().ok());
        let Some(bytes) = kibibytes.map(|number| number.saturating_mul(1024)) else { continue };
        match name {
            "MemTotal" => memory.total = bytes,
            "MemFree" => memory.free = bytes,
            "MemAvailable" => memory.available = Some(bytes),
            "Buffers" | "Cached" | "SReclaimable" => memory.cached = memory.cached.saturating_add(bytes),
            "SwapTotal" => memory.swap_total = bytes,
            "SwapFree" => memory.swap_free = bytes,
            _ => {}
        }
    }
    memory
}

#[cfg(test)]
mod tests {
    use super::{Memory, parse};

    #[test]
    fn figures_are_bytes() {
        let memory = parse(
            "MemTotal:        4025436 kB\nMemFree:          100 kB\nMemAvailable:     300 kB\nBuffers:  1 kB\n\
             Cached:  2 kB\nSwapCached: 9 kB\nSwapTotal: 8 kB\nSwapFree: 7 kB\nSReclaimable: 4 kB\n",
        );
        assert_eq!(memory.total, 4_025_436 * 1024);
        assert_eq!(memory.available, Some(300 * 1024));
        assert_eq!(memory.cached, 7 * 1024);
        assert_eq!((memory.swap_total, memory.swap_free), (8 * 1024, 7 * 1024));
        assert_eq!(memory.used(), (4_025_436 - 300) * 1024);
    }

    #[test]
    fn an_old_kernel_does_not_say_what_is_available() {
        let memory = parse("MemTotal: 100 kB\nMemFree: 30 kB\nCached: 20 kB\n");
        assert_eq!((memory.available, memory.used()), (None, 50 * 1024));
    }

    #[test]
    fn nonsense_is_left_out() {
        let text = "MemTotal\nMemFree: much kB\nCached:\nSwapTotal: -1 kB\n: 5 kB\nHugePages_Total: 0\n";
        assert_eq!(parse(text), Memory::default());
        assert_eq!(parse(&format!("MemTotal: {} kB", u64::MAX)).total, u64::MAX);
        let more_free_than_there_is = Memory { total: 1, free: 5, ..Memory::default() };
        assert_eq!(more_free_than_there_is.used(), 0);
    }
}
