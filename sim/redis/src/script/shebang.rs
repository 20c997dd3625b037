//! The first line of a script that begins with `#!`.

use crate::error::ErrorReply;
use crate::resp::words;

/// The content of the first line, and the start of the rest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shebang {
    pub(super) forbids_writes: bool,
    /// The script has flags, so it writes unless they forbid it.
    pub(super) has_flags: bool,
    pub(super) length: usize,
}

/// The flags of a script. All except `no-writes` concern clusters, replicas and memory.
const FLAGS: [&[u8]; 5] =
    [b"no-writes", b"allow-oom", b"allow-stale", b"no-cluster", b"allow-cross-slot-keys"];

impl Shebang {
    /// Parses the line as Redis does: its words are split as in an inline command, with quotes.
    pub(super) fn parse(text: &[u8]) -> Result<Self, ErrorReply> {
        if !text.starts_with(b"#!") {
            return Ok(Shebang::default());
        }
        // Redis searches the end of the line with `strchr`, which stops at a NUL.
        let end = text.iter().position(|byte| matches!(byte, b'\n' | 0)).filter(|end| text[*end] == b'\n');
        let length = end.ok_or(ErrorReply::fixed("ERR Invalid script shebang"))?;
        let parts = words(&text[..length]).unwrap_or_default();
        let [engine, options @ ..] = &parts[..] else {
            return Err(ErrorReply::fixed("ERR Invalid engine in script shebang"));
        };
        if &engine[..] != b"#!lua" {
            return Err(with(b"ERR Unexpected engine in script shebang: ", engine));
        }
        let mut shebang = Shebang { forbids_writes: false, has_flags: true, length };
        for option in options {
            let Some(flags) = option.strip_prefix(b"flags=") else {
                return Err(with(b"ERR Unknown lua shebang option: ", option));
            };
            // `flags=` has no flags, rather than one empty flag.
            for flag in flags.split(|byte| *byte == b',').filter(|_| !flags.is_empty()) {
                if !FLAGS.contains(&flag) {
                    return Err(with(b"ERR Unexpected flag in script shebang: ", flag));
                }
                shebang.forbids_writes |= flag == b"no-writes";
            }
        }
        Ok(shebang)
    }
}

fn with(text: &[u8], word: &[u8]) -> ErrorReply {
    ErrorReply::new([text, word].concat())
}
