//! The shipped source text of the core, without tests.

use crate::read;

/// The files that are copied and can be mutated, without `.rs`. `l1/cached`, `lookup` and
/// `remote` are excluded: traces identify entries by their type, and all mutants share the
/// simulated store.
const FILES: [&str; 41] = [
    "builder",
    "derived",
    "error",
    "fence/fence",
    "fence/fill_guard",
    "fence/fills",
    "fence/losses",
    "fence/mod",
    "fence/stripe",
    "fence/wakers",
    "fence/write_guard",
    "flights/guard",
    "flights/mod",
    "flights/shard",
    "flights/table",
    "l1/bound",
    "l1/eviction",
    "l1/ghosts",
    "l1/mod",
    "l1/removal",
    "l1/tag",
    "l1/tier",
    "member/answers",
    "member/horizon",
    "member/member",
    "member/mod",
    "nodes/mod",
    "nodes/node",
    "nodes/notified",
    "nodes/strict",
    "settings",
    "stats",
    "tiered/blocking",
    "tiered/cache",
    "tiered/invalidate",
    "tiered/load",
    "tiered/mod",
    "tiered/read",
    "tiered/settle",
    "tiered/strict",
    "tiered/write",
];

const SOURCE: &str = "../../src";

/// The text of each file.
#[derive(Clone)]
pub(crate) struct Core(Vec<(&'static str, String)>);

impl Core {
    pub(crate) fn read() -> Result<Self, String> {
        let files = FILES.into_iter().map(|file| {
            let text = read(&format!("{SOURCE}/{file}.rs"))?;
            let production =
                text.split_once("\n#[cfg(test)]\nmod tests").map(|(before, _)| before.to_owned());
            Ok((file, production.unwrap_or(text)))
        });
        files.collect::<Result<_, _>>().map(Core)
    }

    /// Replaces `find`, which must occur exactly once, in this file.
    pub(crate) fn mutated(&self, file: &str, find: &str, replace: &str) -> Result<Self, String> {
        let mut mutated = self.clone();
        let Some((_, text)) = mutated.0.iter_mut().find(|(name, _)| *name == file) else {
            return Err(format!("there is no file `{file}`; expected one of {}", FILES.join(", ")));
        };
        let times = text.matches(find).count();
        if times != 1 {
            return Err(format!(
                "its `find` must occur exactly once in src/{file}.rs, but occurs {times} times. Update it to the \
                 current source, and check that the mutation still breaks the listed rules"
            ));
        }
        *text = text.replace(find, replace);
        Ok(mutated)
    }

    /// The name and text of each file.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (*name, text.as_str()))
    }
}
