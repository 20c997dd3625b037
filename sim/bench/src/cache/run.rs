//! The whole comparison. Each measurement runs in a new process; each row is printed when it is
//! complete.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::contender::Contender;
use super::memory::ENTRIES;
use super::row::{self, Row};
use super::trace::Trace;
use super::workload::Workload;
use crate::number::{median, short};
use crate::output::print_line;
use crate::supervisor;

/// The numbers of threads that use the cache.
const THREADS: [u64; 2] = [1, 2];

/// Time limit of an untimed measurement.
const LIMIT: Duration = Duration::from_secs(60);

/// How to measure and to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Duration of each timed measurement.
    pub(crate) time: Duration,
    /// Number of measurements, of which the median counts.
    pub(crate) runs: usize,
    pub(crate) json: bool,
}

/// Prints the comparison. Returns false if a measurement failed; the remaining measurements still
/// run.
pub(crate) fn run(settings: Settings) -> bool {
    let mut comparison = Comparison { settings, succeeded: true, hits: BTreeMap::new(), worst: None };
    if !settings.json {
        print_line(row::head());
    }
    for threads in THREADS {
        for work in Workload::ALL {
            comparison.speed(work, threads);
        }
    }
    comparison.memory();
    for (number, trace) in Trace::all().into_iter().enumerate() {
        comparison.hit_ratio(number, trace);
    }
    if !settings.json {
        print_line(comparison.summary());
    }
    comparison.succeeded
}

/// The results of each contender, by round.
type Rounds = Vec<(Contender, Vec<f64>)>;

struct Comparison {
    settings: Settings,
    succeeded: bool,
    /// The results of workloads that only read, by name and number of threads.
    hits: BTreeMap<(&'static str, u64), Rounds>,
    /// The largest deficit of Selvedge to the better peer, in percentage points, and its trace.
    worst: Option<(f64, String)>,
}

impl Comparison {
    fn speed(&mut self, work: Workload, threads: u64) {
        let (number, time) = (threads.to_string(), self.settings.time);
        let milliseconds = time.as_millis().to_string();
        let contenders: Vec<_> = Contender::ALL.into_iter().filter(|it| it.supports(work)).collect();
        let mut rounds: Rounds = contenders.iter().map(|&contender| (contender, Vec::new())).collect();
        // Alternate between contenders, so that load from other processes affects all of them.
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
                times.extend(self.measure::<f64>(&words, LIMIT));
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
        if !matches!(work, Workload::Mixed | Workload::Load | Workload::Invalidate) {
            self.fence(work, &rounds, threads);
            self.hits.insert((work.name(), threads), rounds);
        }
    }

    /// Prints the overhead of the whole cache over a hit of its local tier, as a row.
    fn fence(&self, work: Workload, rounds: &Rounds, threads: u64) {
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
            let bytes_per_entry = self.measure::<Option<f64>>(&words, LIMIT).flatten();
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
            let hit_ratio = self.measure::<f64>(&["measure-hit-ratio", contender.name(), &number], LIMIT);
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

    /// Runs a measurement in a new process with these arguments. Prints a failure.
    fn measure<T: DeserializeOwned>(&mut self, words: &[&str], limit: Duration) -> Option<T> {
        match supervisor::run(words, limit) {
            Ok(Some(measured)) => return Some(measured),
            Ok(None) => eprintln!("{}: not finished within the time limit", words.join(" ")),
            Err(failure) => eprintln!("{}: {failure}", words.join(" ")),
        }
        self.succeeded = false;
        None
    }

    fn show(&self, row: &Row, times: Option<f64>) {
        print_line(if self.settings.json { row.json() } else { row.text(times) });
    }

    fn summary(&self) -> String {
        let mut lines = vec![format!(
            "\nTimes are CPU time in ns per operation, the median of {} measurements.\n\
             \"× ours\" is the ratio to the first row of the workload, measured in the same round.\n\
             quick_cache, dashmap and mutex have no TTL: their rows with a TTL are plain hits.\n\
             A row \"fence\" is the overhead of the whole cache over a hit of its local tier: a future\n\
             and statistics. The fence itself is not part of a hit.\n\
             Bytes are the growth of resident memory per entry.\n",
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
            let text = |number: Option<String>| number.unwrap_or_else(|| "(not measured)".to_owned());
            lines.push(format!(
                "{threads} thread(s): a hit of quick_cache takes {} ours with a TTL ({} with a million \
                 entries), and one of moka with a TTL {} ({}).",
                text(of_ours("hit-ttl", Contender::QuickCache)),
                text(of_ours("hit-ttl-large", Contender::QuickCache)),
                text(of_ours("hit-ttl", Contender::Moka)),
                text(of_ours("hit-ttl-large", Contender::Moka)),
            ));
        }
        if let Some((behind, trace)) = &self.worst {
            lines.push(format!(
                "Hit ratio: at worst {behind:.2} percentage points below the better of moka and \
                 quick_cache ({trace})."
            ));
        }
        lines.join("\n")
    }
}

/// The median of the rounds' ratios.
fn ratio(its: &[f64], ours: &[f64]) -> Option<f64> {
    median(its.iter().zip(ours).map(|(its, ours)| its / ours).collect())
}
