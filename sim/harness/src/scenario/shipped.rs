//! The scenarios that ship, embedded: what `selvedge` runs when it is given none.

/// Each shipped scenario's name and text. The article's stale read comes first.
pub const SHIPPED: [(&str, &str); 0] = [];
