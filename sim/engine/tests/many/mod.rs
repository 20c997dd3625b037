//! The number of random programs per test.

use proptest::prelude::ProptestConfig;

/// Twice the default: 512 programs of each kind, unless `PROPTEST_CASES` is set. They are the same
/// in each run: see `.cargo/config.toml`.
pub(crate) fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: 2 * usual.cases, max_global_rejects: 1 << 20, ..usual }
}
