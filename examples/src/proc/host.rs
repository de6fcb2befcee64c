//! `/proc/loadavg` and `/proc/uptime`: the machine as a whole.

use shmrec::SharedRecord;

/// How much there is to do.
///
/// A figure that is published as the kernel gives it, so the parser's own type is the nested record.
#[derive(SharedRecord, Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Tasks that run or wait to, on average over 1, 5 and 15 minutes.
    pub averages: [f32; 3],
    /// Tasks that run or could now.
    pub runnable: u32,
    /// All tasks: processes and their threads.
    pub tasks: u32,
}

/// Reads `/proc/loadavg`. A figure that is not there is zero.
#[must_use]
pub fn parse_load(text: &str) -> Load {
    let mut words = text.split_ascii_whitespace();
    let mut average = || words.next().and_then(finite).unwrap_or_default() as f32;
    let averages = [average(), average(), average()];
    let (runnable, tasks) = words.next().and_then(|word| word.split_once('/')).unwrap_or_default();
    Load { averages, runnable: runnable.parse().unwrap_or_default(), tasks: tasks.parse().unwrap_or_default() }
}

/// Reads `/proc/uptime`: milliseconds since boot. Zero when it is not there.
#[must_use]
pub fn parse_uptime(text: &str) -> u64 {
    let seconds = text.split_ascii_whitespace().next().and_then(finite).unwrap_or_default();
    // A conversion of floating point to an integer stops at the integer's ends.
    (seconds * 1000.0) as u64
}

fn finite(word: &str) -> Option<f64> {
    word.parse::<f64>().ok().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::{Load, parse_load, parse_uptime};

    #[test]
    fn the_load_has_averages_and_tasks() {
        let load = parse_load("0.28 0.21 0.10 2/85 10549\n");
        assert_eq!(load, Load { averages: [0.28, 0.21, 0.10], runnable: 2, tasks: 85 });
    }

    #[test]
    fn what_is_no_load_is_none() {
        for text in ["", "inf NaN 1e999", "x y z 1-2", "- - - /", "0 0 0 -1/-2"] {
            assert_eq!(parse_load(text), Load::default(), "{text:?}");
        }
    }

    #[test]
    fn the_uptime_is_in_milliseconds() {
        assert_eq!(parse_uptime("6123.45 12000.00\n"), 6_123_450);
        assert_eq!(parse_uptime(""), 0);
        assert_eq!(parse_uptime("NaN 1"), 0);
        assert_eq!(parse_uptime("-5 1"), 0);
        assert_eq!(parse_uptime("1e300 1"), u64::MAX);
    }
}
