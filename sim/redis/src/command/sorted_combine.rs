//! Unions, intersections and differences of sorted sets and sets.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::arguments::{at_least, finite_or_named, integer, is};
use super::sorted_sets::with_scores;
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{SortedSet, Value};
use crate::notify::Events;
use crate::resp::Reply;

/// A set operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// The form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Members,
    Stored(&'static str),
    Cardinality,
}

/// The function that combines the scores of a member.
#[derive(Clone, Copy, Debug)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn combine(self, one: f64, other: f64) -> f64 {
        match self {
            // The sum of opposite infinities is 0 by convention.
            Aggregate::Sum => zero_if_nan(one + other),
            Aggregate::Min if other < one => other,
            Aggregate::Max if other > one => other,
            Aggregate::Min | Aggregate::Max => one,
        }
    }
}

fn zero_if_nan(number: f64) -> f64 {
    if number.is_nan() { 0.0 } else { number }
}

/// A set to combine: each member with its score, before weighting.
#[derive(Debug)]
struct Source {
    scores: BTreeMap<Bytes, f64>,
    weight: f64,
}

#[derive(Debug)]
struct Options {
    aggregate: Aggregate,
    with_scores: bool,
    /// Maximum cardinality to count; 0 if unlimited.
    limit: usize,
}

pub(super) fn zunion(call: &mut Call<'_>) -> Answer {
    combine(call, Operation::Union, Form::Members)
}

pub(super) fn zinter(call: &mut Call<'_>) -> Answer {
    combine(call, Operation::Intersection, Form::Members)
}

pub(super) fn zdiff(call: &mut Call<'_>) -> Answer {
    combine(call, Operation::Difference, Form::Members)
}

pub(super) fn zintercard(call: &mut Call<'_>) -> Answer {
    combine(call, Operation::Intersection, Form::Cardinality)
}

pub(super) fn zunionstore(call: &mut Call<'_>) -> Answer {
    combine(call, Operation::Union, Form::Stored("zunionstore"))
}

pub(super) fn zinterstore(call: &mut Call<'_>) -> Answer {
    combine(call, Operation::Intersection, Form::Stored("zinterstore"))
}

pub(super) fn zdiffstore(call: &mut Call<'_>) -> Answer {
    combine(call, Operation::Difference, Form::Stored("zdiffstore"))
}

fn combine(call: &mut Call<'_>, operation: Operation, form: Form) -> Answer {
    let at = if matches!(form, Form::Stored(_)) { 2 } else { 1 };
    let count = integer(&call.words[at])?;
    if count < 1 {
        let text = format!("ERR at least 1 input key is needed for '{}' command", call.spec.name);
        return Err(ErrorReply::new(text));
    }
    let rest = &call.words[at + 1..];
    let count = usize::try_from(count).ok().filter(|count| *count <= rest.len()).ok_or(ErrorReply::SYNTAX)?;
    let (keys, options) = rest.split_at(count);
    let mut sources = keys.iter().map(|key| source(call, key)).collect::<Result<Vec<_>, _>>()?;
    let options = parse(options, operation, form, &mut sources)?;
    let found = match operation {
        Operation::Union => union(sources, options.aggregate),
        Operation::Intersection => intersection(sources, options.aggregate),
        Operation::Difference => difference(sources),
    };
    match form {
        Form::Cardinality => {
            let most = if options.limit == 0 { usize::MAX } else { options.limit };
            Ok(Reply::count(found.len().min(most)))
        }
        Form::Members => {
            let found = found.iter().map(|(member, score)| (member, *score));
            Ok(with_scores(found, options.with_scores, call.protocol))
        }
        Form::Stored(event) => {
            let count = found.len();
            let mut set = SortedSet::default();
            found.into_iter().for_each(|(member, score)| set.insert(member, score));
            let value = (count > 0).then_some(Value::SortedSet(Box::new(set)));
            call.store_result(&call.words[1], value, Events::SORTED_SET, event);
            Ok(Reply::count(count))
        }
    }
}

/// The members of a key. Those of a set have the score 1.
fn source(call: &mut Call<'_>, key: &Bytes) -> Result<Source, ErrorReply> {
    let scores = match call.read(key) {
        None => BTreeMap::new(),
        Some(Value::SortedSet(set)) => set.iter().map(|(member, score)| (member.clone(), score)).collect(),
        Some(Value::Set(set)) => set.iter().map(|member| (member, 1.0)).collect(),
        Some(_) => return Err(ErrorReply::WRONG_TYPE),
    };
    Ok(Source { scores, weight: 1.0 })
}

fn parse(
    words: &[Bytes],
    operation: Operation,
    form: Form,
    sources: &mut [Source],
) -> Result<Options, ErrorReply> {
    let mut options = Options { aggregate: Aggregate::Sum, with_scores: false, limit: 0 };
    let has_weights = operation != Operation::Difference && form != Form::Cardinality;
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        rest = match after {
            after if has_weights && after.len() >= sources.len() && is(word, "weights") => {
                let (weights, after) = after.split_at(sources.len());
                for (source, weight) in sources.iter_mut().zip(weights) {
                    let error = ErrorReply::fixed("ERR weight value is not a float");
                    source.weight = finite_or_named(weight).ok_or(error)?;
                }
                after
            }
            [name, after @ ..] if has_weights && is(word, "aggregate") => {
                options.aggregate = match () {
                    () if is(name, "sum") => Aggregate::Sum,
                    () if is(name, "min") => Aggregate::Min,
                    () if is(name, "max") => Aggregate::Max,
                    () => return Err(ErrorReply::SYNTAX),
                };
                after
            }
            after if form == Form::Members && is(word, "withscores") => {
                options.with_scores = true;
                after
            }
            [limit, after @ ..] if form == Form::Cardinality && is(word, "limit") => {
                let limit = at_least(0, limit, "ERR LIMIT can't be negative")?;
                options.limit = usize::try_from(limit).unwrap_or(usize::MAX);
                after
            }
            _ => return Err(ErrorReply::SYNTAX),
        };
    }
    Ok(options)
}

/// Sorts by score, then by bytes.
fn sorted(scores: BTreeMap<Bytes, f64>) -> Vec<(Bytes, f64)> {
    let mut all: Vec<_> = scores.into_iter().collect();
    // The order is stable, so members with equal scores stay sorted by bytes.
    all.sort_by(|(_, one), (_, other)| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    all
}

fn union(mut sources: Vec<Source>, aggregate: Aggregate) -> Vec<(Bytes, f64)> {
    // As in Redis, from the smallest set to the largest: sums of floats depend on the order.
    sources.sort_by_key(|source| source.scores.len());
    let mut found: BTreeMap<Bytes, f64> = BTreeMap::new();
    for Source { scores, weight } in sources {
        for (member, score) in scores {
            let score = zero_if_nan(weight * score);
            found.entry(member).and_modify(|old| *old = aggregate.combine(*old, score)).or_insert(score);
        }
    }
    sorted(found)
}

fn intersection(mut sources: Vec<Source>, aggregate: Aggregate) -> Vec<(Bytes, f64)> {
    sources.sort_by_key(|source| source.scores.len());
    let Some((first, others)) = sources.split_first() else { return Vec::new() };
    let combined = first.scores.iter().filter_map(|(member, score)| {
        let mut score = zero_if_nan(first.weight * score);
        for other in others {
            score = aggregate.combine(score, other.scores.get(member)? * other.weight);
        }
        Some((member.clone(), score))
    });
    sorted(combined.collect())
}

fn difference(mut sources: Vec<Source>) -> Vec<(Bytes, f64)> {
    let others = sources.split_off(1);
    let mut first = sources.pop().map(|source| source.scores).unwrap_or_default();
    first.retain(|member, _| !others.iter().any(|other| other.scores.contains_key(member)));
    sorted(first)
}
