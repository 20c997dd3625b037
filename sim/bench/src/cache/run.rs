//! The whole comparison: each measurement in a process of its own, rows as soon as they are there.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::contender::Contender;
use super::memory::ENTRIES;
use super::row::{self, Row};
use super::trace::Trace;
use super::work::Work;
use crate::number::{median, short};
use crate::say::say;
use crate::supervisor;

/// How many threads are at the cache.
const THREADS: [u64; 2] = [1, 2];

/// How long what is not timed may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How the comparison is made and shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How long each timed measurement lasts.
    pub(crate) time: Duration,
    /// How often each is made; the middle one counts.
    pub(crate) runs: usize,
    pub(crate) json: bool,
}

/// Prints the comparison. False if a measurement failed; the others have had their turn all the same.
pub(crate) fn run(settings: Settings) -> bool {
    let mut comparison = Comparison { settings, succeeded: true, hits: BTreeMap::new(), worst: None };
    if !settings.json {
        say(row::head());
    }
    for threads in THREADS {
        for work in Work::ALL {
            comparison.speed(work, threads);
        }
    }
    comparison.memory();
    for (number, trace) in Trace::all().into_iter().enumerate() {
        comparison.hit_ratio(number, trace);
    }
    if !settings.json {
        say(comparison.summary());
    }
    comparison.succeeded
}

/// What a contender came to, round by round.
type Rounds = Vec<(Contender, Vec<f64>)>;

struct Comparison {
    settings: Settings,
    succeeded: bool,
    /// Of each work that only reads, by threads.
    hits: BTreeMap<(&'static str, u64), Rounds>,
    /// The trace on which ours is furthest behind the better of its peers, and by how many points.
    worst: Option<(f64, String)>,
}

impl Comparison {
    fn speed(&mut self, work: Work, threads: u64) {
        let (number, time) = (threads.to_string(), self.settings.time);
        let milliseconds = time.as_millis().to_string();
        let contenders: Vec<_> = Contender::ALL.into_iter().filter(|it| it.does(work)).collect();
        let mut rounds: Rounds = contenders.iter().map(|&contender| (contender, Vec::new())).collect();
        // They take turns, so that a slow minute is not one's alone.
        for _ in 0..self.settings.runs {
            for (contender, times) in &mut rounds {
                let words = [
                    "measure-cache",
                    contender.name(),
                    work.name(),
                    &number,
                    "--milliseconds",
                    &milliseconds,
                ];
                times.extend(self.heard::<f64>(&words, LIMIT));
            }
        }
        for (contender, times) in &rounds {
            let row = Row {
                work: work.name().to_owned(),
                cache: contender.name(),
                threads,
                ns_per_op: median(times.clone()),
                bytes_per_entry: None,
                hit_ratio: None,
            };
            self.show(&row, ratio(times, &rounds[0].1));
        }
        if !matches!(work, Work::Mixed | Work::Load | Work::Invalidate) {
            self.fence(work, &rounds, threads);
            self.hits.insert((work.name(), threads), rounds);
        }
    }

    /// What the whole cache adds to a hit of its local tier, on a row of its own.
    fn fence(&self, work: Work, rounds: &Rounds, threads: u64) {
        let of = |contender| rounds.iter().find(|(its, _)| *its == contender).map(|(_, times)| times);
        let (Some(whole), Some(local)) = (of(Contender::Selvedge), of(Contender::SelvedgeL1)) else { return };
        let added = whole.iter().zip(local).map(|(whole, local)| whole - local).collect();
        let row = Row {
            work: format!("{}-fence", work.name()),
            cache: Contender::Selvedge.name(),
            threads,
            ns_per_op: median(added),
            bytes_per_entry: None,
            hit_ratio: None,
        };
        self.show(&row, None);
    }

    fn memory(&mut self) {
        let mut ours = None;
        for contender in Contender::ALL {
            let words = ["measure-cache-memory", contender.name()];
            let bytes_per_entry = self.heard::<Option<f64>>(&words, LIMIT).flatten();
            ours = ours.or(bytes_per_entry);
            let row = Row {
                work: format!("{ENTRIES}-entries"),
                cache: contender.name(),
                threads: 1,
                ns_per_op: None,
                bytes_per_entry,
                hit_ratio: None,
            };
            self.show(&row, bytes_per_entry.zip(ours).map(|(its, ours)| its / ours));
        }
    }

    fn hit_ratio(&mut self, number: usize, trace: Trace) {
        let number = number.to_string();
        let mut ratios = Vec::new();
        for contender in Contender::WITH_A_POLICY {
            let hit_ratio = self.heard::<f64>(&["measure-hit-ratio", contender.name(), &number], LIMIT);
            let row = Row {
                work: trace.name(),
                cache: contender.name(),
                threads: 1,
                ns_per_op: None,
                bytes_per_entry: None,
                hit_ratio,
            };
            ratios.extend(hit_ratio);
            self.show(&row, hit_ratio.map(|its| its / ratios[0]));
        }
        if let [ours, peers @ ..] = &ratios[..]
            && peers.len() == Contender::WITH_A_POLICY.len() - 1
        {
            let behind = 100.0 * (peers.iter().copied().fold(0.0, f64::max) - ours);
            if self.worst.as_ref().is_none_or(|(worst, _)| behind > *worst) {
                self.worst = Some((behind, trace.name()));
            }
        }
    }

    /// What the process with these words has measured. A failure is told.
    fn heard<T: DeserializeOwned>(&mut self, words: &[&str], limit: Duration) -> Option<T> {
        match supervisor::run(words, limit) {
            Ok(Some(measured)) => return Some(measured),
            Ok(None) => eprintln!("{}: it did not come to an end", words.join(" ")),
            Err(failure) => eprintln!("{}: {failure}", words.join(" ")),
        }
        self.succeeded = false;
        None
    }

    fn show(&self, row: &Row, times: Option<f64>) {
        say(if self.settings.json { row.json() } else { row.text(times) });
    }

    fn summary(&self) -> String {
        let mut lines = vec![format!(
            "\nNanoseconds are of the processor, for each operation; the middle one of {} measurements. \"× ours\" is to the \
             first row\nof the work, measured in the same round. quick_cache, dashmap and mutex know no TTL: where there is one theirs \
             is the plain hit.\nA row \"fence\" is what the whole cache adds to a hit of its local tier: a future and statistics, for the fence itself has\n\
             no part in a hit.\nBytes are what the process has resident more, for each entry.\n",
            self.settings.runs
        )];
        for threads in THREADS {
            let times = |work, contender| {
                let rounds = self.hits.get(&(work, threads))?;
                Some(&rounds.iter().find(|(its, _)| *its == contender)?.1)
            };
            let of_ours = |work, contender| {
                let ratio = ratio(times(work, contender)?, times(work, Contender::SelvedgeL1)?)?;
                Some(format!("{} times", short(ratio)))
            };
            let said = |number: Option<String>| number.unwrap_or_else(|| "(not measured)".to_owned());
            lines.push(format!(
                "{threads} thread(s): a hit of quick_cache takes {} ours with a TTL ({} among a million), and one of moka with \
                 a TTL {} ({}).",
                said(of_ours("hit-ttl", Contender::QuickCache)),
                said(of_ours("hit-ttl-large", Contender::QuickCache)),
                said(of_ours("hit-ttl", Contender::Moka)),
                said(of_ours("hit-ttl-large", Contender::Moka)),
            ));
        }
        if let Some((behind, trace)) = &self.worst {
            lines.push(format!(
                "Hit ratio: at worst {behind:.2} points below the better of moka and quick_cache ({trace})."
            ));
        }
        lines.join("\n")
    }
}

/// The middle one of the rounds' ratios.
fn ratio(its: &[f64], ours: &[f64]) -> Option<f64> {
    median(its.iter().zip(ours).map(|(its, ours)| its / ours).collect())
}
