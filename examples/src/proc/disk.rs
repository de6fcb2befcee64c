//! `/proc/diskstats`: what was read from the disks and written to them.

/// The counters of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its name under `/dev`.
    pub name: String,
    /// Bytes read since boot.
    pub read: u64,
    /// Bytes written since boot.
    pub written: u64,
}

/// Bytes of a sector in `/proc/diskstats`, whatever the disk's own sectors are.
const SECTOR: u64 = 512;

/// Reads `/proc/diskstats`, in its order: whole disks that were used since boot. What goes to a partition is in the
/// figures of its disk already, and the many loop devices that nobody uses say nothing.
#[must_use]
pub fn parse(text: &str) -> Vec<Disk> {
    let mut disks: Vec<Disk> = Vec::new();
    // A disk stands before its partitions, and is remembered even if only they were used.
    let mut names: Vec<&str> = Vec::new();
    for (name, read, written) in text.lines().filter_map(counters) {
        if names.iter().any(|disk| is_partition(name, disk)) {
            continue;
        }
        names.push(name);
        if (read, written) != (0, 0) {
            let bytes = |sectors: u64| sectors.saturating_mul(SECTOR);
            disks.push(Disk { name: name.to_owned(), read: bytes(read), written: bytes(written) });
        }
    }
    disks
}

/// Name, sectors read, sectors written.
fn counters(line: &str) -> Option<(&str, u64, u64)> {
    // Major and minor number; the name; reads, reads merged, sectors read, time; the same four of writes.
    let mut words = line.split_ascii_whitespace();
    let name = words.nth(2)?;
    let read = words.nth(2)?.parse().ok()?;
    let written = words.nth(3)?.parse().ok()?;
    Some((name, read, written))
}

/// Whether a name is made of a disk's name and a number, with a `p` between them behind a digit: `sda1`, `nvme0n1p1`.
fn is_partition(name: &str, disk: &str) -> bool {
    let Some(rest) = name.strip_prefix(disk) else { return false };
    let number = if disk.ends_with(|c: char| c.is_ascii_digit()) { rest.strip_prefix('p') } else { Some(rest) };
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{Disk, parse};

    fn names(text: &str) -> Vec<String> {
        parse(text).into_iter().map(|disk| disk.name).collect()
    }

    #[test]
    fn sectors_are_counted_in_bytes() {
        let text =
            " 254       0 vda 20888 8133 9412234 44280 2977 13948 2304648 4113 0 10432 48750 4010 66 314600 349\n";
        let vda = Disk { name: "vda".to_owned(), read: 9_412_234 * 512, written: 2_304_648 * 512 };
        assert_eq!(parse(text), [vda]);
    }

    #[test]
    fn partitions_are_not_counted_beside_their_disk() {
        let line = |name: &str| format!("8 0 {name} 1 0 8 0 1 0 8 0 0 0 0\n");
        let text: String = [
            "sda",
            "sda1",
            "sda12",
            "sdaa",
            "nvme0n1",
            "nvme0n1p1",
            "nvme0n12",
            "dm-1",
            "dm-10",
            "mmcblk0",
            "mmcblk0p2",
        ]
        .map(line)
        .concat();
        assert_eq!(names(&text), ["sda", "sdaa", "nvme0n1", "nvme0n12", "dm-1", "dm-10", "mmcblk0"]);
    }

    #[test]
    fn disks_that_nobody_used_are_left_out_and_so_are_their_partitions() {
        assert_eq!(
            names("7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n8 0 sda 0 0 0 0 0 0 0 0\n8 1 sda1 1 0 8 0 0 0 0 0\n"),
            [""; 0]
        );
    }

    #[test]
    fn short_lines_and_numbers_without_end_do_no_harm() {
        assert_eq!(names("8 0\n8 0 sda\n8 0 sda 1 2\n8 0 sda 1 2 x 4 5 6 7\n\n"), [""; 0]);
        assert_eq!(parse(&format!("8 0 sda 1 2 {} 4 5 6 7", u64::MAX))[0].read, u64::MAX);
    }
}
