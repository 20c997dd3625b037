//! A result, as text and as JSON.

use serde::Serialize;

use crate::number::short;

/// The result of a cache for a workload: one of the last three fields. The field names are those of
/// the JSON form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) work: String,
    pub(super) cache: &'static str,
    pub(super) threads: u64,
    pub(super) ns_per_op: Option<f64>,
    pub(super) bytes_per_entry: Option<f64>,
    pub(super) hit_ratio: Option<f64>,
}

/// The head of the table.
pub(super) fn head() -> String {
    format!("{:<24} {:>7}  {:<12} {:>10} {:>8}", "work", "threads", "cache", "", "× ours")
}

impl Row {
    /// The row as text. `times` is the ratio to the row of Selvedge.
    pub(super) fn text(&self, times: Option<f64>) -> String {
        let Row { work, cache, threads, .. } = self;
        let (number, unit) = match (self.ns_per_op, self.bytes_per_entry, self.hit_ratio) {
            (Some(nanoseconds), ..) => (short(nanoseconds), "ns"),
            (_, Some(bytes), _) => (short(bytes), "B"),
            (.., Some(ratio)) => (format!("{:.2}", 100.0 * ratio), "%"),
            _ => ("unknown".to_owned(), ""),
        };
        let times = times.map_or_else(String::new, |times| format!("{times:.2}"));
        let line = format!("{work:<24} {threads:>7}  {cache:<12} {number:>7} {unit:<2} {times:>8}");
        line.trim_end().to_owned()
    }

    /// The row as JSON.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialize")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ns_per_op: Option<f64>, bytes_per_entry: Option<f64>, hit_ratio: Option<f64>) -> Row {
        let (work, cache, threads) = ("hit".to_owned(), "moka", 2);
        Row { work, cache, threads, ns_per_op, bytes_per_entry, hit_ratio }
    }

    #[test]
    fn text_is_aligned_with_the_head() {
        assert_eq!(
            [
                head(),
                row(Some(100.4), None, None).text(Some(8.127)),
                row(None, Some(75.25), None).text(Some(0.5)),
                row(None, None, Some(0.6)).text(None),
                row(None, None, None).text(None),
            ],
            [
                "work                     threads  cache                     × ours",
                "hit                            2  moka             100 ns     8.13",
                "hit                            2  moka            75.2 B      0.50",
                "hit                            2  moka           60.00 %",
                "hit                            2  moka         unknown",
            ]
        );
    }

    #[test]
    fn json_has_the_documented_fields() {
        let json = concat!(
            r#"{"work":"hit","cache":"moka","threads":2,"ns_per_op":12.5,"#,
            r#""bytes_per_entry":null,"hit_ratio":null}"#
        );
        assert_eq!(row(Some(12.5), None, None).json(), json);
    }
}
