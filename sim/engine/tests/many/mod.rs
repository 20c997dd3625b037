//! The number of random programs per test.

use proptest::prelude::ProptestConfig;

/// Four times the default: 1,000 programs of each kind, unless `PROPTEST_CASES` is set.
pub(crate) fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: 4 * usual.cases, max_global_rejects: 1 << 20, ..usual }
}
