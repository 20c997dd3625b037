//! The core's source text, as it ships: without its tests.

use crate::read;

/// The files that are copied, and can be mutated, without `.rs`. Not `l1/cached`, `lookup` and
/// `remote`: traces identify the entries by their type, and all mutants share one simulated store.
const FILES: [&str; 32] = [
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
    "settings",
    "stats",
    "tiered/blocking",
    "tiered/cache",
    "tiered/invalidate",
    "tiered/load",
    "tiered/mod",
    "tiered/read",
    "tiered/settle",
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

    /// The core with `find`, which must be there exactly once, replaced in this file.
    pub(crate) fn mutated(&self, file: &str, find: &str, replace: &str) -> Result<Self, String> {
        let mut mutated = self.clone();
        let Some((_, text)) = mutated.0.iter_mut().find(|(name, _)| *name == file) else {
            return Err(format!("there is no file `{file}`; expected one of {}", FILES.join(", ")));
        };
        let times = text.matches(find).count();
        if times != 1 {
            return Err(format!(
                "its `find` must be exactly once in src/{file}.rs, and is there {times} times. Bring it up to the \
                 source as it is now, and see that the mutation still breaks what it says"
            ));
        }
        *text = text.replace(find, replace);
        Ok(mutated)
    }

    /// Each file's name and text.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (*name, text.as_str()))
    }
}
