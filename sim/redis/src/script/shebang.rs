//! The first line of a script, if it begins with `#!`.

use crate::command::ErrorReply;

/// What a script's first line says of it, and where the rest begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shebang {
    pub(super) forbids_writes: bool,
    pub(super) length: usize,
}

/// Flags that a script may have. All but `no-writes` are about clusters, replicas and memory.
const FLAGS: [&str; 5] = ["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"];

impl Shebang {
    pub(super) fn parse(text: &[u8]) -> Result<Self, ErrorReply> {
        if !text.starts_with(b"#!") {
            return Ok(Shebang::default());
        }
        let end = text.iter().position(|byte| *byte == b'\n');
        let length = end.ok_or(ErrorReply::fixed("ERR Invalid script shebang"))?;
        let line = String::from_utf8_lossy(&text[..length]).into_owned();
        let mut words = line.split_ascii_whitespace();
        let engine = words.next().unwrap_or_default();
        if engine != "#!lua" {
            return Err(ErrorReply::new(format!("ERR Unexpected engine in script shebang: {engine}")));
        }
        let mut shebang = Shebang { forbids_writes: false, length };
        for word in words {
            let Some(flags) = word.strip_prefix("flags=") else {
                return Err(ErrorReply::new(format!("ERR Unknown lua shebang option: {word}")));
            };
            for flag in flags.split(',') {
                if !FLAGS.contains(&flag) {
                    let text = format!("ERR Unexpected flag in script shebang: {flag}");
                    return Err(ErrorReply::new(text));
                }
                shebang.forbids_writes |= flag == "no-writes";
            }
        }
        Ok(shebang)
    }
}
