//! The shipped scenarios, embedded. `selvedge` runs them by default.

macro_rules! shipped {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),*]
    };
}

/// The name and text of each shipped scenario. The article's stale read comes first, for newcomers.
pub const SHIPPED: &[(&str, &str)] = &shipped! {
    "control-article"
    "control-delete-first"
    "control-delayed-double-delete"
    "control-write-through"
    "control-epoch"
    "control-shared-local-key"
    "control-rename"
    "control-load"
    "control-notified"
    "control-lost-fill"
    "control-late-fill"
    "control-lost-update"
    "control-nodes-fill"
    "control-nodes-reconnect"
    "control-nodes-notify-first"
    "control-nodes-strict"
    "article-classes"
    "article-matrix"
    "tiered-two-writers"
    "tiered-3-readers"
    "tiered-4-readers"
    "tiered-3-writers"
    "tiered-expiring-fault"
    "tiered-delete"
    "tiered-matrix"
    "tiered-absent"
    "tiered-evict"
    "tiered-faults"
    "tiered-derived"
    "tiered-derived-faults"
    "tiered-notified"
    "tiered-notified-load"
    "tiered-load"
    "tiered-load-faults"
    "tiered-failing-leader"
    "tiered-dropped-leader"
    "tiered-forget"
    "tiered-passes-over"
    "tiered-waiting-writers"
    "tiered-stall"
    "tiered-fills"
    "tiered-many"
    "tiered-unnotified"
    "tiered-notified-stripes"
    "tiered-derived-chain"
    "tiered-bounded"
    "tiered-compare-and-set"
    "tiered-nodes"
    "tiered-nodes-reconnect"
    "tiered-nodes-reconnect-writers"
    "tiered-nodes-bound"
    "tiered-nodes-three"
    "tiered-nodes-strict"
    "tiered-nodes-strict-writers"
    "tiered-nodes-strict-lease"
    "tiered-nodes-strict-stop"
    "tiered-nodes-strict-redis"
    "tiered-nodes-strict-removed"
};

/// The name and text of each shipped scenario of a script. A search of every shipped scenario does
/// not include them: they show what `control-article` shows, in another language.
pub const SHIPPED_OF_SCRIPTS: &[(&str, &str)] =
    &[("control-cache-manager", include_str!("../../scripts/control-cache-manager.toml"))];

/// The name and text of each script that [`SHIPPED_OF_SCRIPTS`] name.
pub const SCRIPTS: &[(&str, &str)] =
    &[("cache_manager.star", include_str!("../../scripts/cache_manager.star"))];
