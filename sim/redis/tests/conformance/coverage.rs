//! How often each command was compared.

use std::collections::BTreeMap;
use std::fmt;

use selvedge_redis::names;

/// The number of comparisons of each command, and of those without an error.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<String, Count>);

#[derive(Debug, Default)]
struct Count {
    all: usize,
    succeeded: usize,
}

impl Coverage {
    pub(crate) fn add(&mut self, words: &[Vec<u8>], succeeded: bool) {
        let count = self.0.entry(name(words)).or_default();
        count.all += 1;
        count.succeeded += usize::from(succeeded);
    }

    pub(crate) fn total(&self) -> usize {
        self.0.values().map(|count| count.all).sum()
    }

    /// Panics if a command of the simulated server was compared too rarely, or only with errors.
    /// `CLIENT SETINFO` is not available in Redis 7.0.
    pub(crate) fn check(&self) {
        let is_missing = |name: &&str| self.0.get(*name).is_none_or(|count| count.succeeded < 20);
        let missing: Vec<_> = names().filter(|name| *name != "client|setinfo").filter(is_missing).collect();
        assert!(missing.is_empty(), "compared too rarely: {missing:?}");
    }
}

/// The command's name, including a subcommand; `(unknown)` for all unknown commands.
fn name(words: &[Vec<u8>]) -> String {
    let lower = |word: Option<&Vec<u8>>| {
        String::from_utf8_lossy(word.map_or(&[], Vec::as_slice)).to_ascii_lowercase()
    };
    let name = lower(words.first());
    let full = format!("{name}|{}", lower(words.get(1)));
    let known = |name: &String| names().any(|known| known == name);
    [full, name].into_iter().find(known).unwrap_or_else(|| "(unknown)".to_owned())
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:22} {:>9} {:>10}", "command", "compared", "no error")?;
        for (name, count) in &self.0 {
            writeln!(f, "{name:22} {:>9} {:>10}", count.all, count.succeeded)?;
        }
        Ok(())
    }
}
