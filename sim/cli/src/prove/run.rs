//! Runs a proof, shows its verdict, and writes the counterexample as a scenario.

use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use selvedge_sim::number::{counted, lasted};
use selvedge_sim::protocols::Caches;
use selvedge_sim::prove::{Counterexample, Family, FamilyError, Outcome, Proof, Request, prove};
use selvedge_sim::trace::Look;
use selvedge_sim::verdict::{Budget, Engine};

use super::json;
use crate::args::{Format, ProveOptions};
use crate::error::{Failure, GateError};
use crate::interrupt::{INTERRUPTED, Interrupt};
use crate::progress::Progress;
use crate::projection::trace_text;
use crate::terminal::Results;

pub(crate) fn run<C: Caches>(
    options: &ProveOptions,
    look: Look,
    interrupt: &Interrupt,
    out: &mut Results<'_>,
) -> Result<u8, Failure> {
    let cache = C::from_name(&options.cache)
        .ok_or_else(|| FamilyError::unknown_cache(&options.cache, &C::names()))?;
    let family = Family::new(&options.cache, options.bounds(), &options.additions())?;
    let level = options.consistency.unwrap_or(family.level);
    let family = family.consistency(level);
    let progress = Mutex::new(Progress::new(0));
    let _searching = interrupt.searching();
    let one = NonZeroUsize::MIN;
    let request = Request {
        engine: Engine::Auto,
        budget: Budget { time: Some(options.budget), states: options.max_states, ..Budget::default() },
        total: options.total_budget,
        jobs: options.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(one),
        skips_contained: !options.no_skip,
        explore: &|exploration| exploration.among::<C>().run(),
        stop: &|| interrupt.is_set(),
        progress: &|done, all| progress.lock().unwrap_or_else(PoisonError::into_inner).counted(done, all),
    };
    let proof = prove(&family, cache.abilities(), &request);
    progress.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let proof = proof?;
    let file = match &proof.outcome {
        Outcome::Refuted(found) => Some(write_scenario(options, &proof, found)?),
        _ => None,
    };
    let text = match options.format {
        Format::Text => text(&proof, file.as_ref(), look),
        Format::Json => format!("{}\n", json::line(&proof, file.as_deref())),
    };
    out.write_all(text.as_bytes())?;
    Ok(match proof.exit_code() {
        code @ (0 | 1) => code,
        _ if interrupt.is_set() => INTERRUPTED,
        code => code,
    })
}

/// The verdict; the counts, or the trace.
fn text(proof: &Proof, file: Option<&PathBuf>, look: Look) -> String {
    let mut text = format!("{proof}\n");
    if let Outcome::Refuted(found) = &proof.outcome {
        if let Some(trace) = &found.report.trace {
            text += &format!("\n{}\n", trace_text(trace, look));
        }
        if let Some(file) = file {
            text += &format!("the client is in {0}: `selvedge gate {0}` runs it\n", file.display());
        }
        return text;
    }
    let starts = proof.family.starts.len() as u64;
    text += &format!(
        "  from {} ({}), in {}\n{}",
        counted(starts, "start"),
        proof.family.starts_text(),
        lasted(proof.wall),
        proof.table()
    );
    text
}

/// Writes the counterexample as a scenario, which the gate fails until the cache is repaired.
fn write_scenario(options: &ProveOptions, proof: &Proof, found: &Counterexample) -> Result<PathBuf, Failure> {
    let default = || PathBuf::from(format!("counterexample-{}.toml", options.cache));
    let path = options.scenario.clone().unwrap_or_else(default);
    let about = match found.is_smallest {
        true => format!("the smallest client of {} that is not {}", options.cache, proof.family.level),
        false => format!("a client of {} that is not {}", options.cache, proof.family.level),
    };
    let written = fs::write(&path, found.case.to_toml(&about));
    written.map_err(|error| GateError::Unwritable { what: "the scenario", path: path.clone(), error })?;
    Ok(path)
}
