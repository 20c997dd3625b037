//! Scenarios: what is run, and what must come of it.
//!
//! A scenario is a TOML file. It names a cache, what the tiers hold at the start, the threads with their operations,
//! and what is expected. Axes multiply it: every combination of their values is a [`Case`].
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
//! count = "$readers"            # 1 if left out; 2 makes reader-1 and reader-2
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
//! [axes.work]                   # label = value, where the values are more than a word
//! write = ["set user:1"]
//! read-after-write = ["set user:1", "get user:1"]
//!
//! [[expect]]                    # the first one that fits a case holds for it
//! where = { local = "cold" }    # an axis' label, or a list of them
//! violations = ["stale", "lasting"]
//!
//! [[expect]]
//! consistency = "linearizable"  # linearizable | regular | eventual
//! bounded = true                # a search that its budget ends is good enough
//! ```
//!
//! * A string that is `$axis` stands for the axis's value in the case, wherever it is. There is no replacement within
//!   a string.
//! * A case is named after its labels, in the order in which the axes are declared: `local=cold,readers=1,work=write`.
//!   Without axes there is one case, `only`.
//! * The tiers hold version 0 of every key that an operation names, where they hold anything: `local` says so of the
//!   process-local tier (an `expired` entry has passed its deadline, an `expiring` one may pass it at any point), and
//!   `remote` of the remote one.
//! * After the threads have ended, each key is read once more: that read is what `lasting` is about.
//! * `source = "database"` puts the truth behind the remote tier. `get` then loads what no tier has; `set` and `delete`
//!   write the database, and delete the key in the cache until that is acknowledged. `remote = "absent"` empties the remote
//!   tier, not the database.
//! * `derived = { "user:1" = ["profile:1"] }` makes a key's value from another key's: each write of `user:1` makes a version
//!   of `profile:1` (where the remote tier is the truth, it deletes it).
//! * `faults = 2` lets up to two commands or loads fail in a run: any, and in each way (refused; lost, and applied at some
//!   later point or never; a loader's error or panic). `drops = 1` lets the future of up to one operation be dropped: at any
//!   point at which it waits. An operation that failed or was dropped has an unknown outcome. A thread with `spared = true`
//!   has none of them. Only our own engine has them at all.
//! * `specials = ["leases"]` says what else is otherwise: the remote tier gives `leases`, or `never-settles` what is lost;
//!   the cache `keeps-absent` that a key has no value, or `passes-over` a remote tier that fails.
//! * A cache declares which specials and operations it [supports](Ability); a case that requires another is a mistake.
//! * Further operations: `evict KEY` takes the key out of the local tier, `forget KEY` out of the remote one (where it is not
//!   the truth). `told KEY` is a write by another node, which then tells this one; `told-all KEY` is the same, and any key may have been written, for all that is told.
//! * `violations` makes the case a *control*: **every** rule in the list must be found broken, and **no** other may
//!   be. A control that was found passes even if the search was bounded.
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
mod op;
mod parse;
mod reader;
mod shipped;
mod tasks;

pub use ability::{Ability, Known};
pub use expectation::{Expectation, Expected, Level};
pub use judgement::{Judgement, Outcome};
pub use load::{load, load_all};
pub use mistake::{Mistake, Mistakes};
pub use model::{
    Axis, Case, Local, Op, OpKind, RemoteStart, Scenario, Source, SourceLine, Special, ThreadSpec,
};
pub use op::OpError;
pub use parse::parse;
pub use shipped::SHIPPED;
