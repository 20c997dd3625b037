//! A module for each mutant, in the shape of the crate `selvedge`: the core's files, and in the place of the others what
//! that crate makes public. So the files compile as they are, once `crate` is called `super`. What makes the mutant a
//! cache under test is the harness' own adapter for the real cache, copied likewise.

use std::fs;
use std::path::{Path, PathBuf};

use crate::core::Core;
use crate::{read, write};

const ADAPTER: &str = "../harness/src/protocols/tiered.rs";

/// What a mutant's module has besides the files.
const SHAPE: &str = "
    pub use options::Options;
    pub use selvedge::{Remote, sync};
    pub use tiered::TieredCache;
    mod l1 {
        pub(super) use selvedge::parts::L1;
    }
    mod remote {
        pub(super) use selvedge::remote::{Found, Remote};
    }
";

/// The modules so far.
pub(crate) struct Modules {
    out: PathBuf,
    adapter: String,
    modules: String,
    rows: String,
}

impl Modules {
    pub(crate) fn new(out: &Path) -> Result<Self, String> {
        let adapter = read(ADAPTER)?
            .replace("super::", "selvedge_sim::protocols::")
            .replace("selvedge::", "super::")
            .replace("crate::", "selvedge_sim::");
        Ok(Modules { out: out.to_owned(), adapter, modules: String::new(), rows: String::new() })
    }

    pub(crate) fn add(
        &mut self,
        name: &str,
        about: &str,
        violations: &[String],
        core: &Core,
    ) -> Result<(), String> {
        let module = name.replace('-', "_");
        let folder = self.out.join(&module);
        fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let mut files = String::new();
        let core = core.files().map(|(file, text)| (file, text.replace("crate::", "super::")));
        for (file, text) in core.chain([("adapter", self.adapter.clone())]) {
            let path = folder.join(file).with_extension("rs");
            write(&path, &text)?;
            files.push_str(&format!("    #[path = {path:?}]\n    pub mod {file};\n"));
        }
        self.modules.push_str(&format!("#[doc = {about:?}]\npub mod {module} {{{SHAPE}{files}}}\n\n"));
        let violations: Vec<_> = violations.iter().map(|rule| camel_case(rule)).collect();
        self.rows.push_str(&format!(
            "    {} {module} {name:?} {about:?} [{}]\n",
            camel_case(name),
            violations.join(", ")
        ));
        Ok(())
    }

    /// Writes down all of them, and the call of the macro `mutants` that lists them.
    pub(crate) fn finish(self) -> Result<(), String> {
        write(&self.out.join("mutants.rs"), &format!("{}mutants! {{\n{}}}\n", self.modules, self.rows))
    }
}

fn camel_case(kebab: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    kebab.split('-').filter(|word| !word.is_empty()).map(capital).collect()
}
