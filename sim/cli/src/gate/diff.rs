//! The difference between two texts.

use similar::TextDiff;

/// The unified diff from the accepted text to the current one.
pub(super) fn diff(accepted: &str, now: &str) -> String {
    TextDiff::from_lines(accepted, now).unified_diff().context_radius(3).header("accepted", "now").to_string()
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn removed_and_added_lines_are_marked() {
        let text = diff("a\nschedules 5\nb\n", "a\nschedules 7\nb\n");
        assert_eq!(text, "--- accepted\n+++ now\n@@ -1,3 +1,3 @@\n a\n-schedules 5\n+schedules 7\n b\n");
    }
}
