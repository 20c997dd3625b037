//! Formats numbers for people.

use std::time::Duration;

pub use selvedge_engine::number::{counted, grouped};

/// `12 ms`, `1.3 s`, `2 min 5 s`.
pub fn lasted(time: Duration) -> String {
    match (time.as_millis(), time.as_secs()) {
        (millis @ 0..1_000, _) => format!("{millis} ms"),
        (_, 0..60) => format!("{:.1} s", time.as_secs_f64()),
        (_, seconds) => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, lasted};

    #[test]
    fn time_is_shown_in_a_suitable_unit() {
        let cases = [(0, "0 ms"), (999, "999 ms"), (1_340, "1.3 s"), (125_000, "2 min 5 s")];
        for (millis, text) in cases {
            assert_eq!(lasted(Duration::from_millis(millis)), text);
        }
    }
}
