//! Scenarios, oracle and traces: every schedule of a multi-level cache, judged and explained.
//!
//! A [`scenario`] defines the cache, the initial contents of its tiers, the threads that call it,
//! and the expected result. An [`Exploration`](explore::Exploration) runs every schedule of a case,
//! and the [`oracle`] judges each. The result is a [report](verdict::CaseReport): the number of
//! schedules, the broken rules with the number of schedules that break each, and the simplest
//! violating schedule, recorded as a [`trace`].
//!
//! # A first scenario
//!
//! The [article's cache](protocols::article) writes Redis and then drops the local entry. One
//! reader, one writer:
//!
//! ```
//! use selvedge_sim::explore::Exploration;
//! use selvedge_sim::oracle::Rule;
//! use selvedge_sim::scenario::parse;
//! use selvedge_sim::trace::{lanes, reason};
//! use selvedge_sim::verdict::Engine;
//!
//! let text = r#"
//!     name = "first"
//!     about = "one reader, one writer"
//!     cache = "article"
//!     local = "cold"
//!     remote = "present"
//!     thread = [
//!         { name = "reader", ops = ["get user:1"] },
//!         { name = "writer", ops = ["set user:1"] },
//!     ]
//!     expect = [{ consistency = "linearizable" }]
//! "#;
//! // The path is for messages; a case may name one of these caches.
//! let scenario = parse("first.toml", text, &["article", "tiered"]);
//! let scenario = scenario.expect("the scenario has no mistake");
//! let case = &scenario.cases[0];
//!
//! let report = Exploration::of(case).engine(Engine::Optimal).run();
//! assert!(report.complete);
//! assert_eq!(report.schedules, 5);
//! assert_eq!(report.violations[&Rule::Stale], 1);
//!
//! // One of the five leaves the old value in the local tier. This one:
//! let trace = report.trace.as_ref().expect("a violation has a trace");
//! println!("{}\n{}", lanes(trace), reason(trace));
//! assert!(reason(trace).starts_with("Stale: observer's get user:1 returned v0"));
//!
//! // It is not what the scenario expects, and a gate would fail.
//! let judgement = case.expectation.judge(&report);
//! assert!(!judgement.passed());
//! assert_eq!(judgement.outcome.exit_code(), 1);
//! ```
//!
//! With `cache = "tiered"`, which is [`selvedge::TieredCache`] itself, all schedules pass.
//!
//! To check a custom cache in a test, see [`custom`]. It takes ten lines.
//!
//! # Where to look
//!
//! - The format of scenarios, axes and expectations: [`scenario`].
//! - The rules that a read can break: [`oracle::Rule`]. Levels are sets of them:
//!   [`scenario::Level`].
//! - Unfinished searches, and how they resume: [`checkpoint`].
//! - A cache and a scenario in Rust: [`custom`] and [`check`].
//! - The caches that ship, and the interface that a cache implements: [`protocols`].
//! - Every client of a cache up to a bound: [`prove`].
//! - Linearizability of any object, such as a queue: [`object`].
//! - The engines, and the primitives that each provides: [`backends`].

pub mod backends;
pub mod checkpoint;
pub mod custom;
pub mod diagnostic;
mod excerpt;
pub mod explore;
mod file_name;
pub mod fleet;
pub mod history;
mod look;
mod monitor;
mod nearest;
pub mod number;
pub mod object;
pub mod oracle;
pub mod plain;
pub mod protocols;
pub mod prove;
pub mod report;
pub mod scenario;
pub mod script;
mod scripted;
pub mod trace;
pub mod verdict;
mod world;

pub use custom::check;
pub use excerpt::Excerpt;
