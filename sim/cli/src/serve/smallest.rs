//! The smallest client of a pasted script that is not consistent: `selvedge prove`, in the world of
//! the pasted scenario.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use selvedge_sim::protocols::Caches;
use selvedge_sim::prove::{Addition, Bounds, Family, Outcome, Proof, Request, prove};
use selvedge_sim::report::{Judged, case_data};
use selvedge_sim::scenario::{Case, Mistake, OpKind, Source};
use selvedge_sim::script::Script;
use selvedge_sim::verdict::{Budget, Engine};
use serde_json::json;

use super::limits::STATES;
use super::mistakes::{mistake, plain_mistake};
use super::pasted::Pasted;
use super::work::{Lines, parsed};

/// Explores the clients of the script with this name, within `(calls, threads)`.
pub(super) fn smallest<C: Caches>(
    pasted: &Pasted,
    name: &str,
    (calls, threads): (NonZeroUsize, NonZeroUsize),
    budget: Duration,
    lines: &Lines,
) {
    let Some(scenario) = parsed::<C>(pasted, lines) else { return };
    let world = scenario.cases.iter().find_map(|case| {
        let script = case.script.as_ref().filter(|script| script.name() == name)?;
        Some((case, script))
    });
    let Some((case, script)) = world else {
        let what = format!("the scenario does not name the script ./{name}");
        let help = "the clients of a script run in the world of a case that names it";
        return lines.mistakes(vec![plain_mistake(&what, Some(help))]);
    };
    match run::<C>(case, script, (calls.get(), threads.get()), budget, lines) {
        _ if script.mistake().is_some() => {
            // The verdict is not about the cache.
            let error = script.mistake().map(Mistake::from);
            lines.mistakes(error.iter().map(|its| mistake(its)).collect());
        }
        Err(error) => lines.mistakes(vec![mistake(&error)]),
        Ok(proof) => report(&proof, name, lines),
    }
}

fn run<C: Caches>(
    case: &Case,
    script: &Arc<Script>,
    (calls, threads): (usize, usize),
    budget: Duration,
    lines: &Lines,
) -> Result<Proof, selvedge_sim::prove::FamilyError> {
    let family = Family::of_script(script, Bounds { calls, threads, keys: 1 }, &additions(case))?;
    let has_gone = AtomicBool::new(false);
    let request = Request {
        engine: Engine::Auto,
        budget: Budget { time: Some(budget), states: Some(STATES), ..Budget::default() },
        total: Some(budget),
        jobs: NonZeroUsize::MIN,
        skips_contained: true,
        shard: None,
        explore: &|exploration| exploration.among::<C>().run(),
        stop: &|| has_gone.load(Ordering::Relaxed),
        progress: &|done, all| {
            let progress =
                lines.progress(|| json!({ "done": done, "of": all, "case": null, "searched": null }));
            has_gone.fetch_or(progress == ControlFlow::Break(()), Ordering::Relaxed);
        },
    };
    prove(&family, &[], &request)
}

/// The world of a case, as additions to a family: its source of truth, its nodes and its
/// variations. Clients delete if a thread of the case does.
fn additions(case: &Case) -> BTreeSet<Addition> {
    let mut additions: BTreeSet<_> = case.specials.iter().copied().map(Addition::Special).collect();
    if case.source == Source::Database {
        additions.insert(Addition::Database);
    }
    if case.nodes > 1 {
        additions.insert(Addition::Nodes);
    }
    if case.threads.iter().flat_map(|thread| &thread.ops).any(|op| op.kind == OpKind::Delete) {
        additions.insert(Addition::Operation(OpKind::Delete));
    }
    additions
}

/// Sends the verdict, and the counterexample as a scenario and as a case with its trace.
fn report(proof: &Proof, name: &str, lines: &Lines) {
    let scenario = match &proof.outcome {
        Outcome::Refuted(found) => {
            let line = format!("{{\"case\":{}}}", case_data(&Judged::new(&found.case, found.report.clone())));
            if lines.put(line).is_break() {
                return;
            }
            let which = if found.is_smallest { "the smallest client" } else { "a client" };
            let about = format!("{which} of {name} that is not {}", proof.family.level);
            Some(Case { cache: format!("./{name}"), ..found.case.clone() }.to_toml(&about))
        }
        _ => None,
    };
    let proof = json!({
        "text": proof.to_string(),
        "verdict": proof.word(),
        "refuted": scenario.is_some(),
        "table": proof.table(),
        "scenario": scenario,
    });
    _ = lines.put(json!({ "proof": proof }).to_string());
}
