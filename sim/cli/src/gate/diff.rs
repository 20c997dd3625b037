//! What differs between two texts.

use similar::TextDiff;

/// The difference as a unified diff, from what was accepted to what is now.
pub(super) fn diff(accepted: &str, now: &str) -> String {
    TextDiff::from_lines(accepted, now).unified_diff().context_radius(3).header("accepted", "now").to_string()
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn what_went_and_what_came_are_told_apart() {
        let text = diff("a\nschedules 5\nb\n", "a\nschedules 7\nb\n");
        assert_eq!(text, "--- accepted\n+++ now\n@@ -1,3 +1,3 @@\n a\n-schedules 5\n+schedules 7\n b\n");
    }
}
