//! Splitting of inline commands, as typed into `telnet`.

use bytes::Bytes;

/// Splits a line without NUL into words. Double quotes allow C's escapes, single quotes only `\'`.
/// Returns `None` if a quote is not closed, or is not followed by a space.
pub(crate) fn words(line: &[u8]) -> Option<Vec<Bytes>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        while let Some((_, after)) = rest.split_first().filter(|(byte, _)| is_space(**byte)) {
            rest = after;
        }
        if rest.is_empty() {
            return Some(words);
        }
        let (word, after) = word(rest)?;
        words.push(Bytes::from(word));
        rest = after;
    }
}

/// C's `isspace`.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn word(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        // Fewer characters than `is_space` accepts between words.
        if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            break;
        }
        rest = match byte {
            b'"' => double_quoted(after, &mut word)?,
            b'\'' => single_quoted(after, &mut word)?,
            _ => {
                word.push(byte);
                after
            }
        };
        if matches!(byte, b'"' | b'\'') {
            let ends = rest.first().is_none_or(|next| is_space(*next));
            return ends.then_some((word, rest));
        }
    }
    Some((word, rest))
}

fn double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [b'\\', b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hexadecimal digit") as u8;
                word.push(digit(*high) * 16 + digit(*low));
                after
            }
            [b'\\', escaped, after @ ..] => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                after
            }
            [b'"', after @ ..] => return Some(after),
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
            [] => return None,
        };
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [b'\\', b'\'', after @ ..] => {
                word.push(b'\'');
                after
            }
            [b'\'', after @ ..] => return Some(after),
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
            [] => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_and_escapes() {
        let split = |line: &str| {
            let words = words(line.as_bytes())?;
            Some(
                words
                    .iter()
                    .map(|word| String::from_utf8_lossy(word).into_owned())
                    .collect::<Vec<_>>()
                    .join("|"),
            )
        };
        for (line, expected) in [
            ("", Some("")),
            ("  set k  v ", Some("set|k|v")),
            (r#"set "a b" 'c d'"#, Some("set|a b|c d")),
            (r#""\x41\n\"\q""#, Some("A\n\"q")),
            (r"'it\'s \n'", Some(r"it's \n")),
            ("\"open", None),
            ("'open", None),
            ("\"a\"b", None),
        ] {
            assert_eq!(split(line).as_deref(), expected, "{line}");
        }
    }
}
