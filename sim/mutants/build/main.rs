//! Generates the mutants of `mutants.toml` from the core's source text.

mod core;
mod module;
mod mutation;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use crate::core::Core;
use crate::module::Modules;
use crate::mutation::Mutation;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build");
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Result<(), String> {
    let core = Core::read()?;
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: this is a build script")?;
    let mut modules = Modules::new(Path::new(&out), adapter()?);
    modules.add("unmutated", "The unchanged core, generated in the same way.", &[], &core, None)?;
    for Mutation { name, about, violations, file, find, replace } in mutation::table()? {
        let mutated = core.mutated(&file, &find, &replace).map_err(|error| {
            format!("{}: the mutation `{name}` no longer applies: {error}", mutation::TABLE)
        })?;
        modules.add(&name, &about, &violations, &mutated, Some(&file))?;
    }
    modules.finish()
}

/// The harness's adapter for the real cache.
fn adapter() -> Result<String, String> {
    let text = read("../harness/src/protocols/tiered.rs")?.replace("super::", "selvedge_sim::protocols::");
    Ok(text.replace("crate::", "selvedge_sim::").replace("selvedge::", "crate::"))
}

/// Reads a file. If it changes, cargo runs this script again.
fn read(path: &str) -> Result<String, String> {
    println!("cargo::rerun-if-changed={path}");
    fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
