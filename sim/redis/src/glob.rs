//! Redis' glob patterns: `KEYS`, `SCAN MATCH`, `PSUBSCRIBE`, `CONFIG GET`.

/// Whether the text matches the pattern: `*`, `?`, `[a-z]`, `[^a]`, and `\` as an escape.
///
/// A star records its position. When the rest of the pattern does not match, the star consumes one
/// more byte. Only the last star needs to do that, so the cost is at most the product of both
/// lengths.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let Some(after) = pattern.strip_prefix(b"*") {
            pattern = after;
            if pattern.is_empty() {
                return true;
            }
            star = Some((pattern, text));
            continue;
        }
        let step = match (pattern.is_empty(), text.split_first()) {
            (true, None) => return true,
            (false, Some((byte, rest))) => one(pattern, *byte).map(|after| (after, rest)),
            _ => None,
        };
        if let Some(next) = step {
            (pattern, text) = next;
            continue;
        }
        let Some((after_star, from)) = star else { return false };
        let Some((_, later)) = from.split_first() else { return false };
        star = Some((after_star, later));
        (pattern, text) = (after_star, later);
    }
}

/// Returns the rest of the pattern if its first element matches the byte.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', after @ ..] => Some(after),
        [b'[', class @ ..] => {
            let (is_in, after) = in_class(class, byte);
            is_in.then_some(after)
        }
        [b'\\', escaped, after @ ..] => (*escaped == byte).then_some(after),
        [literal, after @ ..] => (*literal == byte).then_some(after),
        [] => None,
    }
}

/// Returns whether the byte is in the class that starts here, and the pattern after the class. An
/// unclosed class extends to the end of the pattern.
fn in_class(class: &[u8], byte: u8) -> (bool, &[u8]) {
    let (is_negated, mut rest) = match class {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, class),
    };
    let mut found = false;
    loop {
        rest = match rest {
            [b'\\', escaped, after @ ..] => {
                found |= *escaped == byte;
                after
            }
            [b']', after @ ..] => return (found != is_negated, after),
            [] => return (found != is_negated, rest),
            [from, b'-', to, after @ ..] => {
                found |= (*from.min(to)..=*from.max(to)).contains(&byte);
                after
            }
            [literal, after @ ..] => {
                found |= *literal == byte;
                after
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        let cases: [(&str, &str, bool); 24] = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "abc", true),
            ("a*", "abc", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("*b*", "abc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("?", "", false),
            ("[ab]c", "bc", true),
            ("[^ab]c", "bc", false),
            ("[a-c]", "b", true),
            ("[c-a]", "b", true),
            ("[a-c]", "d", false),
            (r"\*", "*", true),
            (r"\*", "a", false),
            (r"[\]]", "]", true),
            ("[ab", "a", true),
            ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("user:*", "user:7", true),
            ("user:*", "users:7", false),
            ("__keyspace@0__:*", "__keyspace@0__:k", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
