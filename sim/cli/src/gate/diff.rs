//! The difference between two texts.

use std::ops::Range;

/// How many equal lines surround a change.
const CONTEXT: usize = 3;

/// A line of the difference.
#[derive(Clone, Copy)]
enum Line<'a> {
    Equal(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// The unified diff from the accepted text to the current one; empty if they are equal. Time and
/// memory grow with the product of the numbers of lines between the first and the last change.
pub(super) fn diff(accepted: &str, now: &str) -> String {
    let lines = compared(&accepted.lines().collect::<Vec<_>>(), &now.lines().collect::<Vec<_>>());
    let mut text = String::new();
    for hunk in hunks(&lines) {
        if text.is_empty() {
            text += "--- accepted\n+++ now\n";
        }
        let of = |range: Range<usize>, counts: fn(&Line<'_>) -> bool| {
            let before = lines[..range.start].iter().filter(|&line| counts(line)).count();
            match lines[range].iter().filter(|&line| counts(line)).count() {
                0 => format!("{before},0"),
                1 => format!("{}", before + 1),
                count => format!("{},{count}", before + 1),
            }
        };
        let old = of(hunk.clone(), |line| !matches!(line, Line::Added(_)));
        let new = of(hunk.clone(), |line| !matches!(line, Line::Removed(_)));
        text += &format!("@@ -{old} +{new} @@\n");
        for line in &lines[hunk] {
            let (mark, line) = match line {
                Line::Equal(line) => (' ', line),
                Line::Removed(line) => ('-', line),
                Line::Added(line) => ('+', line),
            };
            text += &format!("{mark}{line}\n");
        }
    }
    text
}

/// The lines of both texts, with a longest common subsequence as the equal ones.
fn compared<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let prefix = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (rest_old, rest_new) = (&old[prefix..], &new[prefix..]);
    let suffix = rest_old.iter().rev().zip(rest_new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (mid_old, mid_new) = (&rest_old[..rest_old.len() - suffix], &rest_new[..rest_new.len() - suffix]);
    // `common[i][j]` is the length of the longest common subsequence of `mid_old[i..]` and
    // `mid_new[j..]`.
    let mut common = vec![vec![0_u32; mid_new.len() + 1]; mid_old.len() + 1];
    for i in (0..mid_old.len()).rev() {
        for j in (0..mid_new.len()).rev() {
            common[i][j] = match mid_old[i] == mid_new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let mut lines: Vec<_> = old[..prefix].iter().map(|line| Line::Equal(line)).collect();
    let (mut i, mut j) = (0, 0);
    while i < mid_old.len() || j < mid_new.len() {
        if i < mid_old.len() && j < mid_new.len() && mid_old[i] == mid_new[j] {
            lines.push(Line::Equal(mid_old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == mid_new.len() || (i < mid_old.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(Line::Removed(mid_old[i]));
            i += 1;
        } else {
            lines.push(Line::Added(mid_new[j]));
            j += 1;
        }
    }
    lines.extend(rest_old[rest_old.len() - suffix..].iter().map(|line| Line::Equal(line)));
    lines
}

/// The ranges of lines to show: the changes with their context. Overlapping ones are one range.
fn hunks(lines: &[Line<'_>]) -> Vec<Range<usize>> {
    let mut hunks: Vec<Range<usize>> = Vec::new();
    for at in (0..lines.len()).filter(|&at| !matches!(lines[at], Line::Equal(_))) {
        let range = at.saturating_sub(CONTEXT)..(at + 1 + CONTEXT).min(lines.len());
        match hunks.last_mut() {
            Some(last) if range.start <= last.end => last.end = range.end,
            _ => hunks.push(range),
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn removed_and_added_lines_are_marked() {
        let text = diff("a\nschedules 5\nb\n", "a\nschedules 7\nb\n");
        assert_eq!(text, "--- accepted\n+++ now\n@@ -1,3 +1,3 @@\n a\n-schedules 5\n+schedules 7\n b\n");
        assert_eq!(diff("", "a\nb\n"), "--- accepted\n+++ now\n@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(diff("a\n", ""), "--- accepted\n+++ now\n@@ -1 +0,0 @@\n-a\n");
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
    }

    #[test]
    fn equal_lines_are_a_longest_common_subsequence() {
        let text = diff("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n");
        let marked = |mark| text.lines().skip(3).filter(|line| line.starts_with(mark)).count();
        assert_eq!((marked(' '), marked('-'), marked('+')), (4, 3, 2), "{text}");
    }

    #[test]
    fn distant_changes_are_separate_hunks() {
        let lines = |changed: &[usize]| -> String {
            (1..=20).map(|at| format!("{at}{}\n", if changed.contains(&at) { "!" } else { "" })).collect()
        };
        let text = diff(&lines(&[]), &lines(&[2, 9, 18]));
        let hunks: Vec<_> = text.lines().filter(|line| line.starts_with("@@")).collect();
        assert_eq!(hunks, ["@@ -1,12 +1,12 @@", "@@ -15,6 +15,6 @@"]);
    }
}
