//! Generates a module for each mutant with the structure of the crate `selvedge`: the core's files,
//! and re-exports of that crate in place of the others. So the files compile unchanged, except that
//! `crate` becomes the mutant's module. An adapter is copied in the same way.

use std::fs;
use std::path::{Path, PathBuf};

use crate::core::Core;
use crate::write;

/// The folder of the local tier.
const L1: &str = "l1/";

/// The re-exports in a mutant's module.
const SHAPE: &str = "
    pub use builder::{Builder, Decided, Decision, Undecided};
    pub use error::{Cause, Error, Operation};
    pub use selvedge::{Remote, Template, remote, sync};
    pub use settings::RemoteFailure;
    pub use stats::Stats;
    pub use tiered::TieredCache;
    mod lookup {
        pub(super) use selvedge::parts::Lookup;
    }
    mod parts {
        pub(super) use selvedge::parts::Lookup;
    }
";

/// The local tier of a mutant that does not change it: the core's, which is compiled only once.
const SHARED_L1: &str = "
    mod l1 {
        pub(super) use selvedge::RemovalCause;
        pub(super) use selvedge::parts::{Bound, L1, Listener};
    }
";

/// The generated modules.
pub(crate) struct Modules {
    out: PathBuf,
    adapter: String,
    modules: String,
    rows: String,
}

impl Modules {
    /// `adapter`: the text of a further file of each module.
    pub(crate) fn new(out: &Path, adapter: String) -> Self {
        Modules { out: out.to_owned(), adapter, modules: String::new(), rows: String::new() }
    }

    pub(crate) fn add(
        &mut self,
        name: &str,
        about: &str,
        violations: &[String],
        core: &Core,
        file: Option<&str>,
    ) -> Result<(), String> {
        let has_l1 = file.is_some_and(|file| file.starts_with(L1));
        let module = name.replace('-', "_");
        let folder = self.out.join(&module);
        for inner in ["tiered", "fence", "flights", "l1", "member", "nodes"] {
            fs::create_dir_all(folder.join(inner)).map_err(|error| cannot_create(&folder, error))?;
        }
        let mut files = String::new();
        let copied = core.files().filter(|(file, _)| has_l1 || !file.starts_with(L1));
        for (file, text) in copied.chain([("adapter", self.adapter.as_str())]) {
            let path = folder.join(file).with_extension("rs");
            let text = text
                // Unit tests and their helpers are not copied.
                .replace("#[cfg(test)]", "#[cfg(false)]")
                // Traces identify entries by type, so these types are the core's.
                .replace("mod cached;", "")
                .replace("pub use cached::Cached;", "pub use selvedge::parts::Cached;")
                .replace("use super::cached::Cached;", "use selvedge::parts::Cached;")
                .replace("crate::", &format!("crate::{module}::"));
            write(&path, &text)?;
            // The module of a folder declares its other files.
            match file.split_once('/') {
                Some((_, other)) if other != "mod" => {}
                Some((name, _)) => files.push_str(&format!("    #[path = {path:?}]\n    pub mod {name};\n")),
                None => files.push_str(&format!("    #[path = {path:?}]\n    pub mod {file};\n")),
            }
        }
        let own = if has_l1 { "" } else { SHARED_L1 };
        self.modules.push_str(&format!("#[doc = {about:?}]\npub mod {module} {{{SHAPE}{own}{files}}}\n\n"));
        self.rows.push_str(&format!("    {} {module} {name:?} {about:?} {violations:?}\n", camel_case(name)));
        Ok(())
    }

    /// Writes all modules, and the call of the macro `mutants` that lists them.
    pub(crate) fn finish(self) -> Result<(), String> {
        write(&self.out.join("mutants.rs"), &format!("{}mutants! {{\n{}}}\n", self.modules, self.rows))
    }
}

fn cannot_create(folder: &Path, error: std::io::Error) -> String {
    format!("cannot create {}: {error}", folder.display())
}

fn camel_case(kebab: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    kebab.split('-').filter(|word| !word.is_empty()).map(capital).collect()
}
