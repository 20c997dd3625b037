//! Finds the functions of std's precompiled library that wait, wake or initialise, and writes a
//! wrapper for each: `selvedge test` links them with `--wrap`.
//!
//! The names are those of the compiler that builds the runtime, which also builds the tests.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Parts of the mangled names (v0) of modules and functions.
const WRAPPED: [&str; 11] = [
    "3sys4sync",
    "4sync7barrier",
    "4sync4mpmc",
    "4sync4once",
    "6poison7condvar",
    "9nonpoison7condvar",
    "14reentrant_lock",
    "6thread9functions4park",
    "6thread9functions12park_timeout",
    "6Thread6unpark",
    "6Thread5park",
];

/// The functions without a wrapper: formatting, comparison, and constructors.
const EXCEPT: [&str; 4] = ["3fmt", "3new", "___RUST_STD_INTERNAL", "4cmp3"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    let names = library().map_or_else(Vec::new, |library| symbols(&library));
    let mut code = String::new();
    for (nth, name) in names.iter().enumerate() {
        _ = writeln!(code, "wrap!(wrapper_{nth}, \"__wrap_{name}\", {nth});");
    }
    _ = writeln!(
        code,
        "/// The wrapped functions.\npub(crate) const NAMES: [&str; {}] = {names:?};",
        names.len()
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("wrappers.rs"), code).expect("OUT_DIR is writable");
}

/// The precompiled library.
fn library() -> Option<PathBuf> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let target = env::var("TARGET").ok()?;
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", &target]).output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    let files = fs::read_dir(Path::new(folder.trim())).ok()?;
    let is_it = |name: &str| name.starts_with("libstd-") && name.ends_with(".rlib");
    files.flatten().find(|file| file.file_name().to_str().is_some_and(is_it)).map(|file| file.path())
}

/// The functions to wrap, from the archive's index of symbols: its first member.
fn symbols(archive: &Path) -> Vec<String> {
    let bytes = fs::read(archive).unwrap_or_default();
    let size = bytes.get(56..66).and_then(|size| std::str::from_utf8(size).ok()?.trim().parse().ok());
    let index = size.and_then(|size: usize| bytes.get(68..68 + size)).unwrap_or_default();
    let text = index.split(|&byte| byte == 0).filter_map(|name| std::str::from_utf8(name).ok());
    let is_wrapped = |name: &&str| {
        name.starts_with("_RNv")
            && name.contains("_3std")
            && WRAPPED.iter().any(|part| name.contains(part))
            && !EXCEPT.iter().any(|part| name.contains(part))
    };
    let mut names: Vec<_> = text.filter(is_wrapped).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}
