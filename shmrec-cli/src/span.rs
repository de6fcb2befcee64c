//! Spans of time as people write and read them.

use std::time::Duration;

/// The units, in nanoseconds.
const UNITS: [(&str, u128); 12] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("sec", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("day", 86_400_000_000_000),
];

/// Reads `1.5s`, `20ms`, `1h30m`; a bare `0` needs no unit.
///
/// # Errors
///
/// In words.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no span of time: write 1.5s, 20ms or 1h30m");
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    let mut nanos: u128 = 0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let number_len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, behind) = rest.split_at(number_len);
        let behind = behind.trim_start();
        let unit_len = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_len);
        let (_, factor) = UNITS.into_iter().find(|(known, _)| *known == unit).ok_or_else(wrong)?;
        nanos = scaled(number, factor).and_then(|more| nanos.checked_add(more)).ok_or_else(wrong)?;
        rest = behind.trim_start();
    }
    let seconds = u64::try_from(nanos / 1_000_000_000).map_err(|_| format!("{text:?} is longer than a span can be"))?;
    Ok(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
}

/// A decimal number times `factor`, exactly; digits below one are cut off.
fn scaled(number: &str, factor: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
    let fraction = fraction.get(..fraction.len().min(18))?;
    let scale = 10_u128.checked_pow(fraction.len() as u32)?;
    let below = digits(fraction)?.checked_mul(factor)? / scale;
    digits(whole)?.checked_mul(factor)?.checked_add(below)
}

/// A span in two or three digits and one unit: `12ms`, `3.4s`, `5m`, `2d`.
pub(crate) fn short(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    match span.as_secs() {
        0 if span.as_millis() == 0 => format!("{}µs", span.as_micros()),
        0 => format!("{}ms", span.as_millis()),
        1..10 => format!("{seconds:.1}s"),
        secs @ 10..120 => format!("{secs}s"),
        secs @ 120..7200 => format!("{}m", secs / 60),
        secs @ 7200..172_800 => format!("{}h", secs / 3600),
        secs => format!("{}d", secs / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, short};
    use std::time::Duration;

    #[test]
    fn what_rust_prints_is_read_back() {
        for span in
            [Duration::ZERO, Duration::new(1, 5), Duration::from_millis(1500), Duration::MAX, Duration::new(0, 999)]
        {
            assert_eq!(parse(&format!("{span:?}")), Ok(span), "{span:?}");
        }
    }

    #[test]
    fn units_add_up() {
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("1.5 h"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("2d 1s"), Ok(Duration::from_secs(2 * 86_400 + 1)));
        assert_eq!(parse(".5s"), Ok(Duration::from_millis(500)));
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "5", "s", "-1s", "1x", "1.2.3s", "1s2", ".s", "99999999999999999999999d", "1e3s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_short_span_has_one_unit() {
        let printed = [3, 12_000, 3_400_000, 61_000_000, 300_000_000, 10_000_000_000, 200_000_000_000]
            .map(|micros| short(Duration::from_micros(micros)));
        assert_eq!(printed, ["3µs", "12ms", "3.4s", "61s", "5m", "2h", "2d"]);
    }
}
