//! Formatting of numbers, and the median.

use std::time::Duration;

pub(crate) use selvedge_sim::number::grouped;

/// Formats the number with two or three significant digits: `0.0031`, `0.12`, `4.56`, `45.6`,
/// `1,781`.
pub(crate) fn short(number: f64) -> String {
    match number {
        ..0.0 => format!("-{}", short(-number)),
        ..0.1 => format!("{number:.4}"),
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        _ => grouped(number.round() as u64),
    }
}

/// Formats the time in a suitable unit: `21.3 µs`.
pub(crate) fn span(time: Duration) -> String {
    let nanoseconds = time.as_nanos() as f64;
    let (unit, size) = match nanoseconds {
        ..1e3 => ("ns", 1.0),
        ..1e6 => ("µs", 1e3),
        ..1e9 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    format!("{} {unit}", short(nanoseconds / size))
}

/// The median; the mean of the two middle numbers if their count is even. `None` if `numbers` is
/// empty.
pub(crate) fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    let upper = *numbers.get(middle)?;
    Some(if numbers.len().is_multiple_of(2) { (numbers[middle - 1] + upper) / 2.0 } else { upper })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_have_significant_digits() {
        let numbers = [-4.56, 0.003_14, 0.123, 4.56, 45.61, 456.1, 1_780.6].map(short);
        assert_eq!(numbers, ["-4.56", "0.0031", "0.12", "4.56", "45.6", "456", "1,781"]);
    }

    #[test]
    fn a_time_has_a_suitable_unit() {
        let times = [12, 21_300, 4_500_000, 10_000_000_000].map(|it| span(Duration::from_nanos(it)));
        assert_eq!(times, ["12.0 ns", "21.3 µs", "4.50 ms", "10.0 s"]);
    }

    #[test]
    fn the_median_is_the_middle_number() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
