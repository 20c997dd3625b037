//! `selvedge new`: a folder with a script, a scenario and a gate, from a template.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::args::{NewOptions, Template};
use crate::error::Failure;

/// The name in a template's scenario that the user's replaces.
pub(crate) const NAME: &str = "NAME";

/// The gate of the folder.
const GATE: &str = "\
#!/bin/sh
# Explores every schedule of the scenarios in this folder. The exit code is 0 if each case has the
# result that its scenario expects.
exec selvedge gate \"$(dirname \"$0\")\" \"$@\"
";

/// The template's script and its scenario.
pub(crate) fn files(template: Template) -> (&'static str, &'static str) {
    macro_rules! files {
        ($name:literal) => {
            (
                include_str!(concat!("../templates/", $name, "/cache.star")),
                include_str!(concat!("../templates/", $name, "/scenario.toml")),
            )
        };
    }
    match template {
        Template::CacheAside => files!("cache-aside"),
        Template::WriteThrough => files!("write-through"),
        Template::DoubleDelete => files!("double-delete"),
        Template::Versioned => files!("versioned"),
        Template::Lease => files!("lease"),
        Template::SingleFlight => files!("single-flight"),
        Template::TwoNodes => files!("two-nodes"),
    }
}

/// Writes the folder. Replaces no file.
pub(crate) fn run(options: &NewOptions, out: &mut dyn Write) -> Result<u8, Failure> {
    let folder = &options.folder;
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(is_name) {
        let error = io::Error::other(
            "the last part of the path names the scenario: use letters, digits, `-` and `_`",
        );
        return Err(Failure::New(folder.clone(), error));
    }
    let (script, scenario) = files(options.template);
    let scenario = scenario.replacen(NAME, &name, 1);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| Failure::New(path, error)
    };
    if folder.exists() {
        return Err(Failure::New(folder.clone(), io::Error::other("it exists already")));
    }
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let files = [("cache.star", script), (&*format!("{name}.toml"), &scenario), ("gate.sh", GATE)];
    for (file, text) in files {
        let path = folder.join(file);
        fs::write(&path, text).map_err(failed(&path))?;
        if file == "gate.sh" {
            make_executable(&path).map_err(failed(&path))?;
        }
    }
    let shown = folder.display();
    writeln!(out, "{shown}/cache.star     the cache: replace it by yours")?;
    writeln!(out, "{shown}/{name}.toml    the scenario: what calls it, and what must hold")?;
    writeln!(out, "{shown}/gate.sh        the gate\n")?;
    writeln!(out, "Run it: selvedge explore {shown}")?;
    Ok(0)
}

#[cfg(unix)]
fn make_executable(path: &PathBuf) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &PathBuf) -> io::Result<()> {
    Ok(())
}
