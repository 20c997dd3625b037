//! Builds the runtime and the tests.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::args::TestOptions;
use crate::error::NativeError;
use crate::terminal::say;

/// The name of the runtime's library.
const LIBRARY: &str = "selvedge_native_runtime";

/// A test binary.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    /// The package and the target: `my-cache::races`.
    pub(crate) id: String,
    pub(crate) path: PathBuf,
    /// The package's folder, in which its tests run.
    pub(crate) folder: PathBuf,
}

/// The folders of the workspace.
struct Workspace {
    target: PathBuf,
    /// The folder of `selvedge-native`.
    native: PathBuf,
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds the tests. Prints each action on stderr.
pub(crate) fn build(options: &TestOptions) -> Result<Vec<Binary>, NativeError> {
    let host = host()?;
    let workspace = workspace(options)?;
    let runtime = runtime(options, &workspace)?;
    let folder = workspace.target.join("selvedge");
    say(&format!("   Selvedge  tests with instrumented atomics, in {}\n", folder.display()));
    let mut command = cargo();
    command.args(["test", "--no-run", "--message-format=json-render-diagnostics"]);
    command.args(["--target", &host, "--target-dir"]).arg(&folder);
    command.args(options.of_workspace()).args(options.of_targets());
    command.env("CARGO_ENCODED_RUSTFLAGS", flags(&runtime)).env_remove("RUSTFLAGS");
    // The parts of std are found by the line tables, whatever the profile says.
    for profile in ["DEV", "TEST", "RELEASE", "BENCH"] {
        command.env(format!("CARGO_PROFILE_{profile}_DEBUG"), "line-tables-only");
        command.env(format!("CARGO_PROFILE_{profile}_STRIP"), "none");
        command.env(format!("CARGO_PROFILE_{profile}_LTO"), "off");
        command.env(format!("CARGO_PROFILE_{profile}_SPLIT_DEBUGINFO"), "off");
    }
    let output = command.stderr(Stdio::inherit()).output().map_err(NativeError::Cargo)?;
    if !output.status.success() {
        return Err(NativeError::Failed { what: "test" });
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    Ok(messages.lines().filter_map(|line| binary(&serde_json::from_str(line).ok()?)).collect())
}

/// The flags of the compiler for the tests and their dependencies.
fn flags(runtime: &Path) -> String {
    let own = [
        "-Cpasses=tsan".to_owned(),
        "-Cllvm-args=-tsan-instrument-func-entry-exit=0".to_owned(),
        "-Cforce-frame-pointers=yes".to_owned(),
        // Before libc, so that its functions replace libc's.
        format!("-Lnative={}", runtime.display()),
        format!("-ldylib={LIBRARY}"),
        format!("-Clink-arg=-Wl,-rpath,{}", runtime.display()),
        // Nothing but its wrapper refers to a wrapped function.
        "-Clink-arg=-Wl,--no-gc-sections".to_owned(),
    ];
    let wraps = wrapped(runtime).into_iter().map(|name| format!("-Clink-arg=-Wl,--wrap={name}"));
    let encoded = env::var("CARGO_ENCODED_RUSTFLAGS").ok();
    let plain = || {
        let flags = env::var("RUSTFLAGS").unwrap_or_default();
        flags.split_whitespace().collect::<Vec<_>>().join("\u{1f}")
    };
    let users = encoded.unwrap_or_else(plain);
    let users = Some(users).filter(|flags| !flags.is_empty());
    users.into_iter().chain(own).chain(wraps).collect::<Vec<_>>().join("\u{1f}")
}

/// The functions of std that the runtime wraps: it exports a symbol with a prefix for each.
fn wrapped(runtime: &Path) -> BTreeSet<String> {
    let library = fs::read(runtime.join(format!("lib{LIBRARY}.so"))).unwrap_or_default();
    let words = library.split(|&byte| byte == 0).filter_map(|word| std::str::from_utf8(word).ok());
    words.filter_map(|word| word.strip_prefix("__wrap_")).map(str::to_owned).collect()
}

/// The host's target triple. cargo does not apply the flags to build scripts if it is given.
fn host() -> Result<String, NativeError> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().map_err(NativeError::Cargo)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    if host.starts_with("x86_64") && host.contains("linux-gnu") {
        Ok(host.to_owned())
    } else {
        Err(NativeError::Platform(host.to_owned()))
    }
}

fn workspace(options: &TestOptions) -> Result<Workspace, NativeError> {
    let mut command = cargo();
    command.args(["metadata", "--format-version=1"]).args(options.of_workspace());
    let output = command.stderr(Stdio::inherit()).output().map_err(NativeError::Cargo)?;
    if !output.status.success() {
        return Err(NativeError::Failed { what: "metadata" });
    }
    let answer = |error: String| NativeError::Answer { what: "metadata", error };
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| answer(error.to_string()))?;
    let target = metadata["target_directory"].as_str().ok_or_else(|| answer("no target_directory".into()))?;
    let packages = metadata["packages"].as_array().ok_or_else(|| answer("no packages".into()))?;
    let native = packages.iter().find(|package| package["name"] == "selvedge-native");
    let manifest = native.and_then(|native| native["manifest_path"].as_str()).ok_or(NativeError::NotUsed)?;
    let native = Path::new(manifest).parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(Workspace { target: target.into(), native })
}

/// Builds the runtime, without instrumentation. Returns the folder of the library.
fn runtime(options: &TestOptions, workspace: &Workspace) -> Result<PathBuf, NativeError> {
    let manifest = workspace.native.join("runtime/Cargo.toml");
    if !manifest.is_file() {
        return Err(NativeError::NoRuntime(manifest));
    }
    let folder = workspace.target.join("selvedge-runtime");
    say(&format!("   Selvedge  the runtime, in {}\n", folder.display()));
    let mut command = cargo();
    command.args(["build", "--release", "--manifest-path"]).arg(&manifest).arg("--target-dir").arg(&folder);
    if options.offline {
        command.arg("--offline");
    }
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    let status = command.stdout(Stdio::null()).status().map_err(NativeError::Cargo)?;
    if status.success() { Ok(folder.join("release")) } else { Err(NativeError::Failed { what: "build" }) }
}

/// The test binary of a message of cargo.
fn binary(message: &Value) -> Option<Binary> {
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    let package = folder.file_name()?.to_string_lossy().into_owned();
    // `path+file:///…/folder#name@version`, or `…/name#version`.
    let id = message["package_id"].as_str().and_then(|id| id.rsplit_once('#')).map_or("", |(_, id)| id);
    let package = id.split_once('@').map_or(package, |(name, _)| name.to_owned());
    let (target, kind) = (message["target"]["name"].as_str()?, &message["target"]["kind"][0]);
    let is_library = kind.as_str().is_some_and(|kind| kind.contains("lib"));
    Some(Binary {
        id: if is_library { package } else { format!("{package}::{target}") },
        path: message["executable"].as_str()?.into(),
        folder: folder.to_path_buf(),
    })
}
