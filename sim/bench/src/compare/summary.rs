//! The medians of the ratios.

use super::cell::Sample;
use super::contender::Contender;
use super::row::{Ratios, Whole};
use crate::number::{median, short};

/// Results collected while the rows are printed.
#[derive(Debug, Default)]
pub(super) struct Summary {
    ratios: Vec<(Contender, Ratios)>,
    bare_switch: Option<f64>,
    cache_events: Vec<f64>,
}

impl Summary {
    /// Records the time of a bare round trip, in nanoseconds.
    pub(super) fn bare_switch(&mut self, nanoseconds: f64) {
        self.bare_switch = Some(nanoseconds);
    }

    /// Records our result on a program that uses the cache.
    pub(super) fn cache(&mut self, ours: &Sample) {
        self.cache_events.extend(ours.nanoseconds_per_further_event());
    }

    /// Records a peer's result and ours on a program.
    pub(super) fn peer(&mut self, peer: Contender, its: &Sample, ours: &Sample) {
        self.ratios.push((peer, Ratios::of(its, ours)));
    }

    /// The summary as text.
    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        if let (Some(event), Some(switch)) = (median(self.cache_events.clone()), self.bare_switch) {
            lines.push(format!(
                "An event of the cache programs, without the setup: {} ns, {} bare switches of {} ns \
                 (median).",
                short(event),
                short(event / switch),
                short(switch)
            ));
        }
        lines.push("\nMedians of the ratios to ours, over the programs that both complete:".to_owned());
        lines.push(columns(["", "programs", "execution", "after the first", "executions", "search"]));
        lines.extend(Contender::PEERS.map(|peer| self.peer_text(peer)));
        lines.push("shuttle-random never completes: it is compared on all programs.".to_owned());
        lines.join("\n")
    }

    fn peer_text(&self, peer: Contender) -> String {
        let its = self.ratios.iter().filter(|(contender, _)| *contender == peer).map(|(_, ratios)| *ratios);
        let counted: Vec<_> = its.filter(|its| its.whole.is_some() || !peer.is_exhaustive()).collect();
        let shown = |part: &dyn Fn(&Ratios) -> Option<f64>| {
            median(counted.iter().filter_map(part).collect()).map_or_else(|| "-".to_owned(), short)
        };
        let whole = |part: fn(Whole) -> f64| shown(&|ratios| ratios.whole.map(part));
        columns([
            peer.name(),
            &counted.len().to_string(),
            &shown(&|ratios| Some(ratios.execution)),
            &shown(&|ratios| ratios.further_execution),
            &whole(|whole| whole.executions),
            &whole(|whole| whole.search),
        ])
    }
}

fn columns([peer, programs, execution, further, executions, search]: [&str; 6]) -> String {
    format!("{peer:<14} {programs:>9} {execution:>10} {further:>16} {executions:>11} {search:>9}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(executions: u64, nanoseconds: u64, complete: bool) -> Sample {
        Sample {
            executions,
            complete,
            events: Some(executions * 2),
            nanoseconds,
            nanoseconds_after_first: Some(nanoseconds / 2),
            peak_rss_kib: None,
        }
    }

    #[test]
    fn only_programs_that_both_complete_count() {
        let mut summary = Summary::default();
        let ours = sample(11, 1_100, true);
        for (nanoseconds, complete) in [(20_200, true), (60_600, true), (909_000, false)] {
            summary.peer(Contender::Loom, &sample(101, nanoseconds, complete), &ours);
        }
        summary.peer(Contender::ShuttleRandom, &sample(101, 30_300, false), &ours);
        summary.bare_switch(4.0);
        summary.cache(&ours);
        assert_eq!(
            summary.text().lines().collect::<Vec<_>>(),
            [
                "An event of the cache programs, without the setup: 27.5 ns, 6.88 bare switches of 4.00 ns \
                 (median).",
                "",
                "Medians of the ratios to ours, over the programs that both complete:",
                "                programs  execution  after the first  executions    search",
                "loom                   2       4.00             3.67        9.18      36.7",
                "shuttle                0          -                -           -         -",
                "shuttle-random         1       3.00             2.75           -         -",
                "shuttle-random never completes: it is compared on all programs.",
            ]
        );
    }
}
