//! The widths of the columns.

use super::rows::Row;
use crate::trace::model::Trace;
use crate::trace::state::{Change, changes, entries};
use crate::trace::text::width;

/// The space between two columns.
pub(super) const GAP: usize = 2;
/// The minimum width of a readable lane. Below it, the run is a list.
const NARROWEST: usize = 15;

/// The widths of the lanes: their natural widths, or an even share of the room that narrower lanes
/// leave. `None` if there is too little room.
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

/// The column of a tier.
pub(super) struct TierColumn {
    pub(super) name: String,
    pub(super) width: usize,
    /// The change of each step.
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

/// Formats the changed entry. Omits its name if the tier has no other entry.
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
