//! Python's fakeredis, in a virtual environment.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::contender::{KEYS, VALUE, Workload};

/// A virtual environment with fakeredis, in a temporary folder.
pub(super) struct Python {
    folder: tempfile::TempDir,
}

/// The same workloads as for the others.
const SCRIPT: &str = r#"
import sys, time, fakeredis
work, seconds, keys, size = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
client = fakeredis.FakeStrictRedis(server=fakeredis.FakeServer())
keys, value = [f"user:{key}" for key in range(keys)], b"v" * size
for key in keys:
    client.set(key, value)
count, start = 0, time.perf_counter()
while time.perf_counter() - start < seconds:
    if work == "get16":
        for first in range(0, len(keys), 16):
            pipeline = client.pipeline(transaction=False)
            for key in keys[first:first + 16]:
                pipeline.get(key)
            assert all(len(got) == size for got in pipeline.execute())
    else:
        for key in keys:
            if work == "get":
                assert len(client.get(key)) == size
            else:
                client.set(key, value)
    count += len(keys)
print((time.perf_counter() - start) * 1e9 / count)
"#;

impl Python {
    /// Creates the environment, and lets pip download fakeredis.
    ///
    /// # Errors
    ///
    /// The missing prerequisite, as text.
    pub(super) fn with_fakeredis() -> Result<Self, String> {
        let folder =
            tempfile::tempdir().map_err(|error| format!("cannot create a temporary folder: {error}"))?;
        fs::write(folder.path().join("work.py"), SCRIPT).map_err(|error| error.to_string())?;
        run("python3", &["-m", "venv", "venv"], folder.path())
            .map_err(|error| format!("cannot create a virtual environment with Python 3: {error}"))?;
        run(
            "venv/bin/pip",
            &["install", "--quiet", "--disable-pip-version-check", "fakeredis"],
            folder.path(),
        )
        .map_err(|error| format!("cannot install fakeredis with pip: {error}"))?;
        Ok(Python { folder })
    }

    pub(super) fn nanoseconds(&self, work: Workload, time: Duration) -> Result<f64, String> {
        let seconds = time.as_secs_f64().to_string();
        let arguments = ["work.py", work.name(), &seconds, &KEYS.to_string(), &VALUE.to_string()];
        let printed = run("venv/bin/python", &arguments, self.folder.path())?;
        printed.trim().parse().map_err(|_| format!("the script printed {printed:?} instead of a number"))
    }
}

/// Runs a program from the folder or the search path, and returns its output.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<String, String> {
    let own = folder.join(program);
    let program = if own.exists() { own.as_os_str() } else { program.as_ref() };
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(errors.trim().lines().last().unwrap_or("the program failed without a message").to_owned())
}
