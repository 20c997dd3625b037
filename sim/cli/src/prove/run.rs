//! Runs a proof, shows its verdict, and writes the counterexample as a scenario.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use selvedge_sim::explore::Exploration;
use selvedge_sim::number::{counted, lasted};
use selvedge_sim::protocols::Caches;
use selvedge_sim::prove::{Counterexample, Family, FamilyError, Outcome, Proof, Request, fails, prove};
use selvedge_sim::report::Piece;
use selvedge_sim::scenario::{Case, Mistake, Mistakes};
use selvedge_sim::trace::Look;
use selvedge_sim::verdict::{Budget, CaseReport, Engine};

use super::{json, script};
use crate::args::{Format, ProveOptions};
use crate::error::{Failure, GateError};
use crate::interrupt::{INTERRUPTED, Interrupt};
use crate::progress::Progress;
use crate::projection::trace_text;
use crate::session::unexplored;
use crate::shard::fingerprint;
use crate::terminal::Results;

/// Runs the proof, or one shard of it. `arguments` are those of the command.
pub(crate) fn run<C: Caches>(
    options: &ProveOptions,
    look: Look,
    interrupt: &Interrupt,
    arguments: &[String],
    out: &mut Results<'_>,
) -> Result<u8, Failure> {
    let results = Mutex::new(Vec::new());
    let explore = |exploration: Exploration<'_, '_>| {
        let id = identity(exploration.case());
        let report = exploration.among::<C>().run();
        if options.shard.is_some() {
            let recorded = CaseReport { case: id, trace: None, ..report.clone() };
            results.lock().unwrap_or_else(PoisonError::into_inner).push((recorded, None));
        }
        report
    };
    let proof = proof::<C>(options, interrupt, options.shard.is_some(), &explore)?;
    if let (Some(shard), Some(folder)) = (options.shard, &options.report) {
        let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        let piece = Piece {
            build: env!("SELVEDGE_VERSION").to_owned(),
            arguments: arguments.to_vec(),
            fingerprint: described(options, &proof.family),
            shard: (shard.number, shard.of),
            results,
        };
        piece.write(folder)?;
    }
    report(options, &proof, look, interrupt, out)
}

/// Runs the proof with the results of all shards in place of their searches. If a client fails, it
/// and the smaller ones that no shard has searched are explored here.
pub(crate) fn merge<C: Caches>(
    options: &ProveOptions,
    look: Look,
    interrupt: &Interrupt,
    pieces: &[Piece],
    out: &mut Results<'_>,
) -> Result<u8, Failure> {
    let all = pieces.iter().flat_map(|piece| &piece.results);
    let results: BTreeMap<_, _> = all.map(|(report, _)| (report.case.clone(), report.clone())).collect();
    let has_failure = results.values().any(fails);
    let explore = |exploration: Exploration<'_, '_>| {
        let case = exploration.case();
        match results.get(&identity(case)) {
            Some(report) if !fails(report) => CaseReport { case: case.name.clone(), ..report.clone() },
            None if !has_failure => unexplored(case, Engine::Auto, "no shard has searched it".to_owned()),
            _ => exploration.among::<C>().run(),
        }
    };
    let proof = proof::<C>(options, interrupt, true, &explore)?;
    if pieces.iter().any(|piece| piece.fingerprint != described(options, &proof.family)) {
        return Err(Failure::Merge("the shards are not those of this command".to_owned()));
    }
    report(options, &proof, look, interrupt, out)
}

/// Identifies the family and the bounds of its searches.
fn described(options: &ProveOptions, family: &Family) -> String {
    let ProveOptions { budget, max_states, no_skip, .. } = options;
    fingerprint([format!("{family:?} {budget:?} {max_states:?} {no_skip}")])
}

/// Identifies a client with its start, and the text of a script.
fn identity(case: &Case) -> String {
    fingerprint([case.to_toml(""), format!("{:?}", case.script)])
}

/// Runs the proof. `in_parts`: its searches are distributed to several runs.
fn proof<C: Caches>(
    options: &ProveOptions,
    interrupt: &Interrupt,
    in_parts: bool,
    explore: &(dyn Fn(Exploration<'_, '_>) -> CaseReport + Sync),
) -> Result<Proof, Failure> {
    let script = script::is_script(&options.cache).then(|| script::read(&options.cache)).transpose()?;
    let (bounds, additions) = (options.bounds(), options.additions());
    let (family, abilities) = match &script {
        Some(script) => (Family::of_script(script, bounds, &additions)?, &[][..]),
        None => {
            let cache = C::from_name(&options.cache)
                .ok_or_else(|| FamilyError::unknown_cache(&options.cache, &C::names()))?;
            (Family::new(&options.cache, bounds, &additions)?, cache.abilities())
        }
    };
    let level = options.consistency.unwrap_or(family.level);
    let family = family.consistency(level);
    let family = if in_parts { family.in_parts() } else { family };
    let progress = Mutex::new(Progress::new(0));
    let _searching = interrupt.searching();
    let one = NonZeroUsize::MIN;
    let request = Request {
        engine: Engine::Auto,
        budget: Budget { time: Some(options.budget), states: options.max_states, ..Budget::default() },
        total: options.total_budget,
        jobs: options.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(one),
        skips_contained: !options.no_skip,
        shard: options.shard.map(|shard| (shard.number, shard.of)),
        explore,
        stop: &|| interrupt.is_set(),
        progress: &|done, all| progress.lock().unwrap_or_else(PoisonError::into_inner).counted(done, all),
    };
    let proof = prove(&family, abilities, &request);
    progress.lock().unwrap_or_else(PoisonError::into_inner).clear();
    if let Some(mistake) = script.and_then(|script| script.mistake()) {
        // The verdict is not about the cache.
        return Err(Mistakes::from(Mistake::from(mistake)).into());
    }
    Ok(proof?)
}

/// Shows the proof, and writes its counterexample. Returns the exit code.
fn report(
    options: &ProveOptions,
    proof: &Proof,
    look: Look,
    interrupt: &Interrupt,
    out: &mut Results<'_>,
) -> Result<u8, Failure> {
    let file = match &proof.outcome {
        Outcome::Refuted(found) => Some(write_scenario(options, proof, found)?),
        _ => None,
    };
    let text = match options.format {
        Format::Text => text(proof, file.as_ref(), look),
        Format::Json => format!("{}\n", json::line(proof, file.as_deref())),
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
    let label = proof.family.label();
    let default = || PathBuf::from(format!("counterexample-{label}.toml"));
    let path = options.scenario.clone().unwrap_or_else(default);
    let which = if found.is_smallest { "the smallest client" } else { "a client" };
    let about = format!("{which} of {label} that is not {}", proof.family.level);
    let cache = match found.case.script {
        Some(_) => script::named_in(&options.cache, &path),
        None => found.case.cache.clone(),
    };
    let written = fs::write(&path, Case { cache, ..found.case.clone() }.to_toml(&about));
    written.map_err(|error| GateError::Unwritable { what: "the scenario", path: path.clone(), error })?;
    Ok(path)
}
