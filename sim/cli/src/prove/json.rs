//! A proof as one object of JSON.

use std::path::Path;

use selvedge_sim::prove::{Outcome, Proof};
use serde_json::{Map, Value, json};

/// The proof as one JSON object, without a line end. `scenario` is the file with the
/// counterexample, if there is one.
pub(super) fn line(proof: &Proof, scenario: Option<&Path>) -> String {
    let (family, total) = (&proof.family, proof.total());
    let names = family.operations.iter().map(|kind| kind.name());
    let starts = family.starts.iter().map(|start| {
        json!({
            "local": start.local.name(),
            "remote": start.remote.name(),
            "shares_stripe": start.shares_stripe,
        })
    });
    let by_calls = proof.by_calls.iter().enumerate().map(|(at, its)| {
        json!({
            "calls": at + 1,
            "clients": its.clients,
            "searched": its.searched,
            "searches": its.searches,
            "schedules": its.schedules,
            "states": its.states,
            "wall_ms": its.wall.as_millis() as u64,
        })
    });
    let mut object = Map::new();
    let mut field = |name: &str, value: Value| _ = object.insert(name.to_owned(), value);
    field("cache", json!(family.cache));
    field("consistency", json!(family.level.name()));
    field("calls", json!(family.bounds.calls));
    field("threads", json!(family.bounds.threads));
    field("keys", json!(family.bounds.keys));
    field("operations", names.collect());
    field("starts", starts.collect());
    field("source", json!(family.source.name()));
    field("derived", json!(family.derived));
    field("nodes", json!(family.nodes));
    field("faults", json!(family.faults));
    field("drops", json!(family.drops));
    field("specials", family.specials.iter().map(|special| special.name()).collect());
    field("clients", json!(proof.clients));
    field("searched", json!(proof.searched));
    field("searches", json!(total.searches));
    field("schedules", json!(total.schedules));
    field("states", json!(total.states));
    field("by_calls", by_calls.collect());
    field("verdict", json!(proof.word()));
    field("complete", json!(matches!(proof.outcome, Outcome::Proved | Outcome::Vacuous)));
    field("text", json!(proof.to_string()));
    if let Outcome::Refuted(found) = &proof.outcome {
        let (calls, threads, keys) = found.size;
        let rules =
            found.report.violations.iter().map(|(rule, count)| (rule.name().to_owned(), json!(count)));
        field(
            "client",
            json!({
                "calls": calls,
                "threads": threads,
                "keys": keys,
                "is_smallest": found.is_smallest,
                "violations": rules.collect::<Map<_, _>>(),
                "scenario": scenario.map(|path| path.display().to_string()),
            }),
        );
    }
    field("wall_ms", json!(proof.wall.as_millis() as u64));
    Value::Object(object).to_string()
}
