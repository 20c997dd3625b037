//! Memory of processes, as reported by the kernel.

use std::fs;

/// Peak resident memory in KiB; `None` without `/proc`.
pub(crate) fn peak_rss_kib() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// Current resident memory in KiB; `None` without `/proc`.
pub(crate) fn rss_kib() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Current resident memory of another process in KiB; `None` without `/proc`.
pub(crate) fn rss_kib_of(process: u32) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmRSS:")
}

fn field(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_name() {
        let status = "VmPeak:\t   9000 kB\nVmHWM:\t    1234 kB\nThreads:\t1\n";
        assert_eq!(field(status, "VmHWM:"), Some(1_234));
        assert_eq!(field(status, "VmRSS:"), None);
    }
}
