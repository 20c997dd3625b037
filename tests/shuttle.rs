//! shuttle beside our engine: the same scenarios come to the same verdicts.

mod peer;
mod shipped;

use selvedge_sim::verdict::Engine;

#[test]
fn shuttle_comes_to_the_same_verdicts() {
    peer::comes_to_the_same_verdicts(Engine::Shuttle);
}

#[test]
fn shuttle_finds_in_the_controls_what_optimal_finds() {
    peer::finds_in_the_controls_what_ours_finds(Engine::Shuttle);
}
