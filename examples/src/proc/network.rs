//! `/proc/net/dev`: what went through the network interfaces.

/// The counters of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Bytes received since it came up.
    pub received: u64,
    /// Bytes sent since it came up.
    pub sent: u64,
}

/// Reads `/proc/net/dev`, in its order.
#[must_use]
pub fn parse(text: &str) -> Vec<Interface> {
    text.lines().filter_map(interface).collect()
}

fn interface(line: &str) -> Option<Interface> {
    // Old kernels write no blank behind the colon. A name may have a colon itself (an alias), a counter has none.
    let (name, counters) = line.rsplit_once(':')?;
    let mut counters = counters.split_ascii_whitespace();
    let received = counters.next()?.parse().ok()?;
    // Behind it: packets, errors, dropped, fifo, frame, compressed, multicast.
    let sent = counters.nth(7)?.parse().ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| Interface { name: name.to_owned(), received, sent })
}

#[cfg(test)]
mod tests {
    use super::{Interface, parse};

    const HEADING: &str = "Inter-|   Receive                            |  Transmit\n \
                           face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n";

    #[test]
    fn the_heading_is_no_interface() {
        let text = format!(
            "{HEADING}    lo:    3193      29    0    0    0     0          0         0     4444      29 0 0 0 0 0 0\n  \
             eth0:94445408 3438 0 0 0 0 0 0 286719 2399 0 0 0 0 0 0\n"
        );
        let lo = Interface { name: "lo".to_owned(), received: 3193, sent: 4444 };
        let eth0 = Interface { name: "eth0".to_owned(), received: 94_445_408, sent: 286_719 };
        assert_eq!(parse(&text), [lo, eth0]);
    }

    #[test]
    fn an_alias_keeps_its_colon() {
        assert_eq!(parse("eth0:1: 1 0 0 0 0 0 0 0 2 0")[0].name, "eth0:1");
    }

    #[test]
    fn lines_without_both_counters_are_left_out() {
        for line in
            ["", "eth0:", "eth0: 1 2 3", ": 1 0 0 0 0 0 0 0 2", "eth0: x 0 0 0 0 0 0 0 2", "eth0: 1 0 0 0 0 0 0 0 -2"]
        {
            assert_eq!(parse(line), [], "{line:?}");
        }
    }
}
