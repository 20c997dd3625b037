//! Samples the schedules of a case.

use std::time::Instant;

use super::peers;
use crate::backends::Draw;
use crate::protocols::Protocol;
use crate::scenario::Case;
use crate::verdict::{CaseReport, Engine};

/// Runs a case of a shipped protocol in `schedules` schedules, which shuttle samples by the seed.
/// For cases with too many schedules to explore. Without a finding, the result is bounded, never
/// clean.
///
/// # Panics
///
/// If no [`Protocol`] has the case's cache name.
#[cfg_attr(not(debug_assertions), inline)]
pub fn draw(case: &Case, by: Draw, seed: u64, schedules: u64) -> CaseReport {
    let start = Instant::now();
    let searched = peers::draw::<Protocol>(case, by, seed, schedules);
    searched.report(case, Engine::Shuttle, start.elapsed())
}
