//! How many random programs a run of the tests explores.

use proptest::prelude::ProptestConfig;

/// Four times as many as usual: a thousand for each kind of program, unless `PROPTEST_CASES` says otherwise.
pub(crate) fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: 4 * usual.cases, max_global_rejects: 1 << 20, ..usual }
}
