//! `/proc/<pid>/stat`: one process.

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id, which another process may have once this one is gone.
    pub pid: u32,
    /// When it started, in clock ticks after boot. With the id it names one process for ever.
    pub started: u64,
    /// Its name. The process chooses it: any characters may be in it.
    pub name: String,
    /// Time that it ran, in clock ticks, in programs and in the kernel.
    pub ticks: u64,
    /// Pages that it has in memory.
    pub resident: u64,
}

/// Reads `/proc/<pid>/stat`; nothing when a field is missing.
#[must_use]
pub fn parse(text: &str) -> Option<Process> {
    // The name stands in parentheses and is not escaped: it may have parentheses, blanks and line ends itself. Only
    // the last parenthesis is sure to be the kernel's.
    let (pid, rest) = text.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Field n of proc(5) is here at n - 3: the first is the state.
    let field = |n: usize| fields.get(n - 3);
    let number = |n: usize| field(n)?.parse::<u64>().ok();
    Some(Process {
        pid: pid.trim().parse().ok()?,
        started: number(22)?,
        name: name.to_owned(),
        ticks: number(14)?.saturating_add(number(15)?),
        // Signed in the kernel's hands; counters per core may add up to less than nothing for a moment.
        resident: field(24)?.parse::<i64>().ok()?.max(0).unsigned_abs(),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn stat(name: &str) -> String {
        format!(
            "4321 ({name}) R 1 4321 4321 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 98765 1234567 321 \
             18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0\n"
        )
    }

    #[test]
    fn fields_are_where_the_manual_says() {
        let process = parse(&stat("cargo")).unwrap();
        assert_eq!((process.pid, process.started, process.ticks, process.resident), (4321, 98765, 300, 321));
        assert_eq!(process.name, "cargo");
    }

    #[test]
    fn a_name_may_hold_anything() {
        for name in ["tmux: server", "(sd-pam)", "a) R 1 1 (b", ")", "", "new\nline", "\u{fffd}", "kworker/u8:0-events"]
        {
            let process = parse(&stat(name)).unwrap();
            assert_eq!(process.name, name);
            assert_eq!(process.ticks, 300);
        }
    }

    #[test]
    fn half_a_line_is_no_process() {
        let whole = stat("x");
        // All that stands in front of the resident pages.
        for end in 0..whole.find(" 321").unwrap() {
            assert_eq!(parse(&whole[..end]), None, "{:?}", &whole[..end]);
        }
        assert_eq!(parse(&whole.replace("4321 (", "x (")), None);
        assert_eq!(parse(&whole.replace("98765", "-1")), None);
    }

    #[test]
    fn less_than_no_memory_is_none() {
        assert_eq!(parse(&stat("x").replace(" 321 ", " -7 ")).unwrap().resident, 0);
    }
}
