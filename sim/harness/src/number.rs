//! Formats numbers for people.

use std::time::Duration;

/// `1016` as `1,016`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 schedule`, `1,016 schedules`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

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
    use super::{Duration, counted, grouped, lasted};

    #[test]
    fn thousands_are_grouped() {
        let cases =
            [(0, "0"), (999, "999"), (1_016, "1,016"), (218_243, "218,243"), (1_000_000, "1,000,000")];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(1, "schedule"), "1 schedule");
        assert_eq!(counted(5_000, "case"), "5,000 cases");
    }

    #[test]
    fn time_is_shown_in_a_suitable_unit() {
        let cases = [(0, "0 ms"), (999, "999 ms"), (1_340, "1.3 s"), (125_000, "2 min 5 s")];
        for (millis, text) in cases {
            assert_eq!(lasted(Duration::from_millis(millis)), text);
        }
    }
}
