//! Limits the process of a run: memory, CPU time, and no access to files.

use std::io;
use std::time::Duration;

use super::limits::{GRACE, RUN_MEMORY};

/// Limits this process. Its three open files remain; it can open no other, and write none.
///
/// # Errors
///
/// If the operating system refuses a limit.
#[cfg(unix)]
pub(super) fn confine(budget: Duration) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    // The server ends the process by wall-clock time; this is for a server that has ended itself.
    let seconds = (budget + GRACE).as_secs() + 2;
    let limits = [
        (Resource::As, RUN_MEMORY),
        (Resource::Cpu, seconds),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 3),
    ];
    // macOS enforces no limit of the address space, and refuses one that is exceeded already.
    let is_known = |resource| !(cfg!(target_os = "macos") && resource == Resource::As);
    for (resource, most) in limits.into_iter().filter(|(resource, _)| is_known(*resource)) {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Without such limits, the counts of schedules, states and steps bound a run, and its time.
#[cfg(not(unix))]
pub(super) fn confine(_: Duration) -> io::Result<()> {
    _ = (GRACE, RUN_MEMORY);
    Ok(())
}
