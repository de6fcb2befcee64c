//! A number over time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The longest time that is shown.
const WINDOW: Duration = Duration::from_secs(60);

/// The values of one field, as they were seen.
#[derive(Debug)]
pub(crate) struct Plot {
    pub(crate) path: String,
    pub(crate) steps: Vec<usize>,
    points: VecDeque<(Instant, f64)>,
}

impl Plot {
    pub(crate) fn new(path: &str, steps: &[usize]) -> Self {
        Self { path: path.to_owned(), steps: steps.to_vec(), points: VecDeque::new() }
    }

    pub(crate) fn add(&mut self, at: Instant, value: f64) {
        while self.points.front().is_some_and(|(first, _)| at.saturating_duration_since(*first) > WINDOW) {
            self.points.pop_front();
        }
        if value.is_finite() {
            self.points.push_back((at, value));
        }
    }

    /// The points in seconds before the last one, which is at 0.
    pub(crate) fn points(&self) -> Vec<(f64, f64)> {
        let Some((last, _)) = self.points.back() else { return Vec::new() };
        self.points.iter().map(|(at, value)| (-last.saturating_duration_since(*at).as_secs_f64(), *value)).collect()
    }

    /// The least and the most, with some room where they are one.
    pub(crate) fn bounds(&self) -> [f64; 2] {
        let values = || self.points.iter().map(|(_, value)| *value);
        let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        if least > most {
            return [0.0, 1.0];
        }
        if least == most {
            let room = if least == 0.0 { 1.0 } else { least.abs() * 0.1 };
            return [least - room, most + room];
        }
        [least, most]
    }

    /// How many seconds are shown.
    pub(crate) fn span(&self) -> f64 {
        match (self.points.front(), self.points.back()) {
            (Some((first, _)), Some((last, _))) => last.saturating_duration_since(*first).as_secs_f64().max(1.0),
            _ => 1.0,
        }
    }

    pub(crate) fn last(&self) -> Option<f64> {
        self.points.back().map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::Plot;
    use std::time::{Duration, Instant};

    #[test]
    fn old_points_go_and_what_is_no_number_does_not_come() {
        let begun = Instant::now();
        let mut plot = Plot::new("x", &[0]);
        assert_eq!((plot.points(), plot.bounds()), (vec![], [0.0, 1.0]));
        plot.add(begun, 5.0);
        assert_eq!(plot.bounds(), [4.5, 5.5]);
        plot.add(begun + Duration::from_secs(50), f64::NAN);
        plot.add(begun + Duration::from_secs(50), -1.0);
        assert_eq!((plot.points(), plot.bounds(), plot.span()), (vec![(-50.0, 5.0), (0.0, -1.0)], [-1.0, 5.0], 50.0));
        plot.add(begun + Duration::from_secs(100), 0.0);
        assert_eq!((plot.points(), plot.bounds()), (vec![(-50.0, -1.0), (0.0, 0.0)], [-1.0, 0.0]));
    }
}
