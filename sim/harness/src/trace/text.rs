//! Fits text to a width, in characters.

/// The width of the text.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Shortens the text to at most `max` characters. Removes the middle, because names differ at their
/// ends.
pub(super) fn shorten(text: &str, max: usize) -> String {
    let length = width(text);
    if length <= max {
        return text.to_owned();
    }
    let tail = max.saturating_sub(1) / 2;
    let head = max.saturating_sub(1 + tail);
    text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail)).collect()
}

/// Wraps the text to lines of at most `max` characters. Breaks between words, and shortens longer
/// words.
pub(super) fn wrap(text: &str, max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        let word = shorten(word, max);
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&word) <= max => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}
