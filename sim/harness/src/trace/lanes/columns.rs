//! How wide the columns are.

use super::rows::Row;
use crate::trace::model::Trace;
use crate::trace::state::{Change, changes, entries};
use crate::trace::text::width;

/// Between two columns.
pub(super) const GAP: usize = 2;
/// A lane that is narrower than this cannot be read: then the run is a list.
const NARROWEST: usize = 15;

/// The lanes' widths in this room: as wide as they need to be, or else an even share of what the narrower ones leave.
/// `None` if that is too little.
pub(super) fn widths(trace: &Trace, rows: &[Row], used: &[usize], room: usize) -> Option<Vec<usize>> {
    let needs: Vec<usize> = used
        .iter()
        .map(|&lane| {
            let own = rows.iter().filter(|row| row.lane(trace) == lane);
            own.map(|row| 2 + width(&row.what(trace))).chain([width(&trace.lanes[lane])]).max().unwrap_or(0)
        })
        .collect();
    let mut room = room.checked_sub(GAP * used.len().saturating_sub(1))?;
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|&lane| needs[lane]);
    let mut widths = vec![0; needs.len()];
    for (done, &lane) in order.iter().enumerate() {
        let share = room / (needs.len() - done);
        if needs[lane] > share && share < NARROWEST {
            return None;
        }
        widths[lane] = needs[lane].min(share);
        room -= widths[lane];
    }
    Some(widths)
}

/// A column for what a tier holds.
pub(super) struct TierColumn {
    pub(super) name: String,
    pub(super) width: usize,
    /// For each step, what it changed.
    pub(super) cells: Vec<Option<String>>,
}

/// The columns of the tiers that change.
pub(super) fn tiers(trace: &Trace) -> Vec<TierColumn> {
    let changes = changes(trace);
    let column = |(tier, its): (usize, &crate::trace::Tier)| {
        let alone = entries(trace, tier).len() == 1;
        let cell =
            |change: &Option<Change>| change.filter(|its| its.tier == tier).map(|its| shown(its, alone));
        let cells: Vec<Option<String>> = changes.iter().map(cell).collect();
        let widest = cells.iter().flatten().map(|cell| width(cell)).max()?;
        let width = widest.max(width(&its.name));
        Some(TierColumn { name: its.name.clone(), width, cells })
    };
    trace.tiers.iter().enumerate().filter_map(column).collect()
}

/// What an entry holds now. It has no name where the tier never holds another.
fn shown(change: Change, alone: bool) -> String {
    let entry = change.entry;
    let value = change.content.map(|value| match value.key == entry {
        true => value.to_string(),
        false => format!("{}'s {value}", value.key),
    });
    match (value, alone) {
        (Some(value), true) => value,
        (None, true) => "empty".to_owned(),
        (Some(value), false) => format!("{entry} = {value}"),
        (None, false) => format!("no {entry}"),
    }
}
