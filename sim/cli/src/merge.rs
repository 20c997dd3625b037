//! `selvedge merge`: one report of all shards of a command.
//!
//! The command of the shards runs again, with the results of the shards in place of the searches.
//! So its report, its page and its exit code are those of one run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Parser;
use selvedge_sim::protocols::Caches;
use selvedge_sim::report::Piece;
use selvedge_sim::trace::Look;
use selvedge_sim::verdict::CaseReport;

use crate::args::{Arguments, Command, MergeOptions, Selection};
use crate::error::Failure;
use crate::session::Session;
use crate::surroundings::Surroundings;
use crate::terminal::Results;
use crate::{explore, gate, matrix, prove};

pub(crate) fn run<C: Caches>(
    options: &MergeOptions,
    look: Look,
    surroundings: &Surroundings,
    out: &mut Results<'_>,
) -> Result<u8, Failure> {
    let pieces: Result<Vec<_>, _> = options.folders.iter().map(|folder| Piece::read(folder)).collect();
    let pieces = pieces?;
    check(options, &pieces)?;
    let first = &pieces[0];
    let command = Arguments::try_parse_from(&first.arguments).map_err(Failure::Arguments)?.command;
    let session = |selection: Selection| {
        let selection =
            Selection { report: options.report.clone(), format: options.format, shard: None, ..selection };
        let session = Session::new::<C>(&selection, look, &surroundings.interrupt)?;
        if session.fingerprint() != first.fingerprint {
            return Err(Failure::Merge(
                "the scenarios here are not those of the shards: use the same files and build".to_owned(),
            ));
        }
        let results = results(&session, &pieces)?;
        Ok(session.merged(results))
    };
    match command {
        Command::Explore(selection) => explore::run(session(selection)?, out),
        Command::Matrix(selection) => matrix::run(session(selection)?, out),
        Command::Gate(mut gate) => {
            (gate.junit, gate.sarif) = (options.junit.clone(), options.sarif.clone());
            gate.github = options.github;
            gate.selection.format = options.format;
            let session = session(gate.selection.clone())?;
            gate::run(session, &gate, surroundings, out)
        }
        Command::Prove(mut options_of_shards) => {
            (options_of_shards.format, options_of_shards.shard) = (options.format, None);
            prove::merge::<C>(&options_of_shards, look, &surroundings.interrupt, &pieces, out)
        }
        _ => Err(Failure::Merge("the command of the shards has none".to_owned())),
    }
}

/// Checks that the pieces are all shards of one run of this build.
fn check(options: &MergeOptions, pieces: &[Piece]) -> Result<(), Failure> {
    let build = env!("SELVEDGE_VERSION");
    let first = &pieces[0];
    let mut numbers = BTreeSet::new();
    for (folder, piece) in options.folders.iter().zip(pieces) {
        let folder: &Path = folder;
        let error = |why: String| Err(Failure::Merge(format!("{} {why}", folder.display())));
        if piece.build != build {
            return error(format!("is a result of selvedge {}, and this is selvedge {build}", piece.build));
        }
        if piece.fingerprint != first.fingerprint || piece.shard.1 != first.shard.1 {
            return error(format!("is a shard of another run than {}", options.folders[0].display()));
        }
        if !numbers.insert(piece.shard.0) {
            return error(format!("is a second result of shard {}/{}", piece.shard.0, piece.shard.1));
        }
    }
    let missing = (1..=first.shard.1).find(|number| !numbers.contains(number));
    missing.map_or(Ok(()), |number| {
        Err(Failure::Merge(format!("the result of shard {number}/{} is missing", first.shard.1)))
    })
}

/// The results by scenario and case. Each case of the session has one.
fn results(session: &Session, pieces: &[Piece]) -> Result<BTreeMap<(String, String), CaseReport>, Failure> {
    let all = pieces.iter().flat_map(|piece| &piece.results);
    let by_case =
        |(report, _): &(CaseReport, _)| ((report.scenario.clone(), report.case.clone()), report.clone());
    let results: BTreeMap<_, _> = all.map(by_case).collect();
    let cases = session.scenarios.iter().flat_map(|scenario| &scenario.cases);
    let mut missing = cases.filter(|case| !results.contains_key(&(case.scenario.clone(), case.name.clone())));
    match missing.next() {
        Some(case) => {
            Err(Failure::Merge(format!("no shard has the result of {} {}", case.scenario, case.name)))
        }
        None => Ok(results),
    }
}
