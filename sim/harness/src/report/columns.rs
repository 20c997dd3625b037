//! Aligns rows of cells as text.

/// The maximum width of a report, in columns.
pub(super) const WIDTH: usize = 100;

const INDENT: &str = "  ";
const GAP: &str = "  ";

/// The alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// The width of the aligned rows.
pub(super) fn width(rows: &[Vec<String>]) -> usize {
    let widths = widths(rows);
    INDENT.len() + widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
}

/// Aligns the rows, one line each. Columns beyond `sides` are left-aligned.
pub(super) fn aligned(rows: &[Vec<String>], sides: &[Side]) -> String {
    let widths = widths(rows);
    let mut text = String::new();
    for row in rows {
        let mut line = INDENT.to_owned();
        for (at, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[at] - cell.chars().count());
            let gap = if at == 0 { "" } else { GAP };
            match sides.get(at).copied().unwrap_or(Side::Left) {
                Side::Left => line.extend([gap, cell, &pad]),
                Side::Right => line.extend([gap, &pad, cell]),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Shortens the text to at most `most` characters, in its middle.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let head = most.saturating_sub(1) / 2;
    let tail = most.saturating_sub(1) - head;
    text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail)).collect()
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &Vec<String>, at: usize| row.get(at).map_or(0, |cell| cell.chars().count());
    (0..columns).map(|at| rows.iter().map(|row| cell(row, at)).max().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_shortened_text_has_both_its_ends() {
        assert_eq!(shortened("local=cold", 10), "local=cold");
        assert_eq!(shortened("local=cold,readers=2", 11), "local…ers=2");
    }
}
