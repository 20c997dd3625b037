//! Happens-before, from the steps' vector clocks.

use super::model::Trace;

/// For each step, the indices in [`Trace::steps`] of the steps of other lanes that happen
/// *immediately* before it. Together with the order within each lane, they imply all of
/// happens-before. Ascending.
pub fn immediately_before(trace: &Trace) -> Vec<Vec<usize>> {
    // The steps of each lane, by their position in the lane.
    let mut of_lane: Vec<Vec<usize>> = vec![Vec::new(); trace.lanes.len()];
    for (at, step) in trace.steps.iter().enumerate() {
        of_lane[step.lane].push(at);
    }
    let before = |step: &super::model::Step| {
        let own = of_lane[step.lane].partition_point(|&at| trace.steps[at].number < step.number);
        let previous = own.checked_sub(1).map(|own| &trace.steps[of_lane[step.lane][own]].clock);
        let known = |lane: usize| previous.map_or(0, |clock| clock[lane]);
        // The last step of each other lane that happens before this step, but not before its lane's
        // previous step.
        let candidates: Vec<usize> = (0..trace.lanes.len())
            .filter(|&lane| lane != step.lane && step.clock[lane] > known(lane))
            .map(|lane| of_lane[lane][step.clock[lane] as usize - 1])
            .collect();
        // A step that happens before another candidate is implied by it.
        let is_implied = |&at: &usize| {
            let (lane, nth) = (trace.steps[at].lane, trace.steps[at].clock[trace.steps[at].lane]);
            candidates.iter().any(|&other| other != at && trace.steps[other].clock[lane] >= nth)
        };
        let mut immediate: Vec<usize> = candidates.iter().copied().filter(|at| !is_implied(at)).collect();
        immediate.sort_unstable();
        immediate
    };
    trace.steps.iter().map(before).collect()
}
