//! Which characters names may have: of scenarios, threads, axes, labels and keys. They are printed as they are, on
//! terminals, in logs of CI and in file formats, so that no name may contain what one of these interprets.

/// The longest name, in characters.
const LONGEST: usize = 100;

/// What a name must be, in words.
pub(super) const NAME: &str =
    "letters, digits, and the printable ASCII characters; at most 100; the first is neither `:` nor a blank";

/// What is wrong with a name, if anything is.
pub(super) fn unfit(name: &str) -> Option<String> {
    if let Some(character) = name.chars().find(|&character| !is_allowed(character)) {
        return Some(format!("a name with the character U+{:04X}", u32::from(character)));
    }
    if name.chars().count() > LONGEST {
        return Some(format!("a name of {} characters", name.chars().count()));
    }
    // `::` begins a command to GitHub's runner.
    if name.starts_with([':', ' ']) || name.ends_with(' ') {
        return Some(format!("the name `{name}` begins or ends where it must not"));
    }
    None
}

fn is_allowed(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, ' '..='~')
}

/// Whether a text of one line has no character that a terminal interprets.
pub(super) fn is_line(text: &str) -> bool {
    !text.chars().any(crate::plain::is_unsafe)
}

#[cfg(test)]
mod tests {
    use super::unfit;

    #[test]
    fn a_name_has_no_character_that_a_terminal_or_a_runner_interprets() {
        for sound in ["user:1", "control-article", "every kind", "2", "straße", "*", "a[1]", "$x", "(none)"]
        {
            assert_eq!(unfit(sound), None, "{sound}");
        }
        let long = "a".repeat(101);
        for bad in
            ["a\nb", "a\x1b[31m", "\x07", "a\u{202e}b", "a\u{200b}b", "::error::x", " a", "a ", "a\tb", &long]
        {
            assert!(unfit(bad).is_some(), "{bad:?}");
        }
    }
}
