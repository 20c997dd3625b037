//! Scenarios: the program to explore, and the expected result.
//!
//! A scenario is a TOML file. It names a cache, the initial content of the tiers, the threads with
//! their operations, and the expected result. Every combination of the values of its axes is a
//! [`Case`].
//!
//! ```toml
//! name = "article-matrix"
//! about = "the article's cache, from each start of its tiers"
//! cache = "article"             # a cache's name
//! local = "$local"              # cold | warm | expired | expiring
//! remote = "present"            # present | absent
//!
//! [[thread]]
//! name = "reader"
//! count = "$readers"            # default 1; 2 creates reader-1 and reader-2
//! ops = ["get user:1"]          # get KEY | set KEY | delete KEY, and others: see below
//!
//! [[thread]]
//! name = "writer"
//! ops = "$work"
//!
//! [axes]
//! local = ["cold", "warm"]
//! readers = [1, 2]
//!
//! [axes.work]                   # label = value, if a value is not a word or a number
//! write = ["set user:1"]
//! read-after-write = ["set user:1", "get user:1"]
//!
//! [[expect]]                    # the first match applies to a case
//! where = { local = "cold" }    # a label of an axis, or a list of labels
//! violations = ["stale", "lasting"]
//!
//! [[expect]]
//! consistency = "linearizable"  # linearizable | regular | eventual
//! bounded = true                # a bounded search passes
//! ```
//!
//! * The string `$axis` is replaced by the axis's value in the case. Only whole strings are
//!   replaced.
//! * A case is named after its labels, in the order of the axes: `local=cold,readers=1,work=write`.
//!   Without axes there is one case, `only`.
//! * If a tier is not empty at the start, it has version 0 of every key that an operation names.
//!   `local` sets the local tier (an `expired` entry is past its deadline, an `expiring` one may
//!   expire at any point), and `remote` the remote one.
//! * After the threads have ended, the observer reads each key once: `lasting` applies to these
//!   reads.
//! * `source = "database"` puts the source of truth behind the remote tier. `get` then loads on a
//!   miss. `set` and `delete` write the database, then delete the key from the cache until this is
//!   acknowledged. `remote = "absent"` empties the remote tier, not the database.
//! * `derived = { "user:1" = ["profile:1"] }` declares derived keys: each write of `user:1` creates
//!   a version of `profile:1` (if the remote tier is the source of truth, the write deletes it).
//! * `faults = 2` lets up to two commands or loads fail in a run: any of them, in each way
//!   (refused; lost, and applied at some later point or never; a loader's error or panic). `drops =
//!   1` lets the future of up to one operation be dropped, at any point at which it waits. An
//!   operation that failed or was dropped has an unknown outcome. A thread with `spared = true` is
//!   exempt. Only Selvedge's own engine supports faults and drops.
//! * `specials = ["leases"]` sets variations: the remote tier gives `leases`, or `never-settles`
//!   lost writes; the cache `keeps-absent` values, or `passes-over` a failed remote tier.
//! * A cache declares which specials and operations it [supports](Ability); requiring another is an
//!   error.
//! * Further operations: `evict KEY` evicts the key from the local tier, `forget KEY` from the
//!   remote one (if that is not the source of truth). `notified KEY` is a write by another node
//!   that notifies this one; `notified-all KEY` notifies this one that any key may have been
//!   written.
//! * `violations` makes the case a *control*: **every** listed rule must be found broken, and
//!   **no** other. A control passes once its violations are found, even if the search is bounded.
//! * Every case needs an expectation, and every expectation a case.

mod ability;
mod alphabet;
mod axes;
mod cases;
mod expect;
mod expectation;
mod judgement;
mod load;
mod mistake;
mod model;
mod of_script;
mod op;
mod parse;
mod reader;
mod scripts;
mod shipped;
mod tasks;
mod write;

pub use ability::{Ability, Known};
pub use expectation::{Expectation, Expected, Level};
pub use judgement::{Judgement, Outcome};
pub use load::{load, load_all};
pub use mistake::{Mistake, Mistakes};
pub use model::{
    Axis, Case, Local, NODES, Op, OpKind, RemoteStart, Scenario, Source, SourceLine, Special, ThreadSpec,
};
pub(crate) use of_script::DEFINE_DELETE;
pub use op::OpError;
pub use parse::{parse, parse_with};
pub use scripts::Scripts;
pub use shipped::{SCRIPTS, SHIPPED, SHIPPED_OF_SCRIPTS};
