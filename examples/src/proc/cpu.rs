//! `/proc/stat`: what the processors spent their time on.

use std::collections::BTreeMap;

/// Time since boot, in clock ticks (usually of 10 ms), by what it was spent on. The parts do not overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Programs, those of lowered priority and the guests of virtual machines included.
    pub user: u64,
    /// The kernel, interrupts included.
    pub system: u64,
    /// Nothing, while a disk was waited for.
    pub iowait: u64,
    /// Taken by the host of this virtual machine for others.
    pub steal: u64,
    /// Nothing.
    pub idle: u64,
}

impl Times {
    /// What passed since `earlier`, part by part. A counter that went backwards, as `iowait` and `idle` may, counts as
    /// one that stood still.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            iowait: self.iowait.saturating_sub(earlier.iowait),
            steal: self.steal.saturating_sub(earlier.steal),
            idle: self.idle.saturating_sub(earlier.idle),
        }
    }

    /// All parts together.
    #[must_use]
    pub fn sum(&self) -> u64 {
        let parts = [self.user, self.system, self.iowait, self.steal, self.idle];
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

/// The times of the machine and of each core.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpus {
    /// All cores together, those that have gone offline included.
    pub total: Times,
    /// The cores that are online, by number. Numbers may be missing.
    pub cores: BTreeMap<u32, Times>,
}

/// Reads `/proc/stat`. A field that an old kernel does not have is zero.
#[must_use]
pub fn parse(text: &str) -> Cpus {
    let mut cpus = Cpus::default();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(which) = words.next().and_then(|word| word.strip_prefix("cpu")) else { continue };
        let Some(times) = times(words) else { continue };
        if which.is_empty() {
            cpus.total = times;
        } else if let Ok(number) = which.parse() {
            cpus.cores.insert(number, times);
        }
    }
    cpus
}

fn times<'a>(words: impl Iterator<Item = &'a str>) -> Option<Times> {
    // The two behind `steal`, for guests, are in `user` and `nice` already.
    let mut fields = [0_u64; 8];
    for (field, word) in fields.iter_mut().zip(words) {
        *field = word.parse().ok()?;
    }
    let [user, nice, system, idle, iowait, irq, softirq, steal] = fields;
    Some(Times {
        user: user.saturating_add(nice),
        system: system.saturating_add(irq).saturating_add(softirq),
        iowait,
        steal,
        idle,
    })
}

#[cfg(test)]
mod tests {
    use super::{Times, parse};

    #[test]
    fn every_part_goes_where_it_belongs_and_guests_are_not_counted_twice() {
        let cpus = parse("cpu  1 2 4 8 16 32 64 128 256 512\ncpu0 1 0 0 0 0 0 0 0 0 0\nintr 5 0 0\n");
        assert_eq!(cpus.total, Times { user: 3, system: 100, iowait: 16, steal: 128, idle: 8 });
        assert_eq!(cpus.cores[&0].sum(), 1);
    }

    #[test]
    fn cores_that_are_offline_leave_gaps() {
        let cpus = parse("cpu 9 0 0 9\ncpu0 1 0 0 1\ncpu7 2 0 0 2\ncpu300 6 0 0 6\n");
        assert_eq!(cpus.cores.keys().copied().collect::<Vec<_>>(), [0, 7, 300]);
    }

    #[test]
    fn an_old_kernel_has_fewer_fields() {
        assert_eq!(parse("cpu 10 1 5 100").total, Times { user: 11, system: 5, idle: 100, ..Times::default() });
    }

    #[test]
    fn lines_that_are_no_times_are_left_out() {
        let text = "cpu0 1 x 3\ncpu1 -5 0 0 0\ncpux 1 1 1 1\ncpu2 99999999999999999999999 0 0 0\n\n   \ncpu\u{fffd} 1\n\
                    cpu3 1 1 1 1";
        assert_eq!(parse(text).cores.keys().copied().collect::<Vec<_>>(), [3]);
        assert_eq!(parse(""), super::Cpus::default());
    }

    #[test]
    fn a_counter_that_goes_backwards_stands_still() {
        let earlier = Times { user: 10, iowait: 100, idle: 50, ..Times::default() };
        let later = Times { user: 12, iowait: 90, idle: 58, ..Times::default() };
        assert_eq!(later.since(&earlier), Times { user: 2, idle: 8, ..Times::default() });
    }

    #[test]
    fn counters_at_their_end_do_not_overflow() {
        let text = format!("cpu {0} {0} {0} {0} {0} {0} {0} {0}", u64::MAX);
        assert_eq!(parse(&text).total.sum(), u64::MAX);
    }
}
