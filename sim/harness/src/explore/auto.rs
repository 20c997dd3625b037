//! The choice between the search of classes and stateful search.

use std::time::Instant;

use super::search::Search;
use super::{Reached, Searched, stateful, team};
use crate::number::counted;
use crate::protocols::Caches;
use crate::scripted::Named;
use crate::verdict::{Budget, Engine};
use crate::world::Plan;

/// A case with more classes than this uses stateful search. Exploring this many classes takes less
/// than a second. Smaller cases can have more states than classes, and a state costs three times as
/// much as a class. From about a million classes on, there are fewer states: classes grow
/// factorially, states polynomially. The limit is a count, not a time, so that the choice is the
/// same on each machine.
pub(super) const FEW: u64 = 100_000;

/// Why a case does not use stateful search by default.
const PRESUMES: &str = "--engine stateful may get further: it assumes that all shared state lives in \
    simulator objects";

/// Searches the case by classes and, if there are more than [`FEW`], by states. Returns the engine,
/// and the reason if it is the stateful one.
pub(super) fn search<C: Caches>(search: &mut Search<'_, '_>) -> (Engine, Option<String>, Searched) {
    above::<C>(search, FEW)
}

/// [`search`], with another limit than [`FEW`].
fn above<C: Caches>(search: &mut Search<'_, '_>, few: u64) -> (Engine, Option<String>, Searched) {
    let (start, case, budget) = (Instant::now(), search.case, search.budget);
    if let Some(why) = case.unfit_for_states() {
        let why = format!("not searched by states: {why}");
        return (Engine::Optimal, None, explained(by_classes::<C>(search, budget), few, &why));
    }
    let left = || budget.time.map(|most| most.saturating_sub(start.elapsed()));
    if !C::BY_STATES && case.script.is_none() {
        return (Engine::Optimal, None, explained(by_classes::<C>(search, budget), few, PRESUMES));
    }
    let why = format!("more than {}", counted(few, "schedule"));
    if let Some(classes) = search.kept.as_ref().and_then(|kept| Some(kept.unfinished.as_ref()?.classes)) {
        // A previous part of the search has chosen this engine.
        let searched = stateful::search(search, Plan::<Named<C>>::named(case), classes);
        return (Engine::Stateful, Some(why), searched);
    }
    let first = Budget { schedules: Some(budget.schedules.map_or(few, |most| most.min(few))), ..budget };
    let first = by_classes::<C>(search, first);
    // Another bound can have ended it.
    let is_larger = first.bound.is_some() && first.schedules == few && budget.schedules != Some(few);
    if !is_larger || (search.watch)(Reached::Schedules(few)).is_break() {
        return (Engine::Optimal, None, first);
    }
    let rest = Budget { schedules: budget.schedules.map(|most| most - few), time: left(), ..budget };
    let classes = (first.schedules, first.events);
    let second = stateful::search(&mut search.within(rest), Plan::<Named<C>>::named(case), classes);
    if let Some(why) = &second.refused {
        let again = by_classes::<C>(search, Budget { time: left(), ..budget });
        let further = if again.schedules > few { again } else { first };
        return (Engine::Optimal, None, explained(further, few, &format!("not searched by states: {why}")));
    }
    if !shows_all_of(&second, &first) {
        // The stateful search found less: report the findings of the first search.
        return (Engine::Optimal, None, Searched { bound: second.bound, ..first });
    }
    (Engine::Stateful, Some(why), second)
}

fn by_classes<C: Caches>(search: &mut Search<'_, '_>, budget: Budget) -> Searched {
    let plan = Plan::<Named<C>>::named(search.case);
    team::search(&mut search.within(budget), plan)
}

/// Adds the reason against stateful search to the bound, if the case is large enough and the search
/// incomplete.
fn explained(searched: Searched, few: u64, why: &str) -> Searched {
    let is_larger = searched.schedules > few;
    let bound = searched.bound.map(|bound| if is_larger { format!("{bound}; {why}") } else { bound });
    Searched { bound, ..searched }
}

/// Whether `searched` has all violations and failures of `other`.
fn shows_all_of(searched: &Searched, other: &Searched) -> bool {
    let has = |rule| searched.tally.violations.contains_key(rule);
    other.tally.violations.keys().all(has) && (other.broken.is_none() || searched.broken.is_some())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use selvedge::Remote;
    use selvedge::sync::Primitives;
    use selvedge_engine::opaque;

    use super::*;
    use crate::history::{Key, Value};
    use crate::oracle::Rule;
    use crate::protocols::{CacheUnderTest, Failure, Protocol, Tiers, Visitor};
    use crate::scenario::{Case, parse};

    /// A case with one reader and `writers` writers; `more` is additional scenario text.
    fn case(cache: &str, writers: u32, more: &str) -> Case {
        let text = format!(
            "name = \"a\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"cold\"\nremote = \"present\"\n{more}\n\
             [[thread]]\nname = \"reader\"\nops = [\"get user:1\"]\n\
             [[thread]]\nname = \"writer\"\ncount = {writers}\nops = [\"set user:1\"]\n\
             [[expect]]\nconsistency = \"linearizable\"\n"
        );
        parse("a.toml", &text, &["article", "tiered", "blind"]).expect("no mistake").cases.remove(0)
    }

    fn auto<C: Caches>(case: &Case, few: u64, budget: Budget) -> (Engine, Option<String>, Searched) {
        let watch = &mut |_| ControlFlow::Continue(());
        above::<C>(&mut Search { case, budget, kept: None, watch, first_only: false, fleet: None }, few)
    }

    fn schedules(most: u64) -> Budget {
        Budget { schedules: Some(most), ..Budget::default() }
    }

    #[test]
    fn a_case_of_few_classes_is_searched_by_them_and_one_of_more_by_its_states() {
        let case = case("article", 2, "");
        let (engine, why, all) = auto::<Protocol>(&case, 1_000, Budget::default());
        assert_eq!((engine, why, all.bound), (Engine::Optimal, None, None));
        // A case with exactly the limit is not above it.
        let classes = all.schedules;
        assert_eq!(auto::<Protocol>(&case, classes, Budget::default()).0, Engine::Optimal);
        let (engine, why, searched) = auto::<Protocol>(&case, classes - 1, Budget::default());
        assert_eq!(engine, Engine::Stateful);
        assert_eq!(why, Some(format!("more than {} schedules", classes - 1)));
        assert!(searched.bound.is_none() && searched.states.is_some_and(|states| states.states > 0));
        assert!(searched.tally.violations.keys().eq(all.tally.violations.keys()));
        assert!(searched.schedules >= classes, "those that were run first count too");
    }

    #[test]
    fn a_bound_on_schedules_is_observed() {
        let case = case("tiered", 3, "");
        for most in [9, 10] {
            let (engine, _, searched) = auto::<Protocol>(&case, 10, schedules(most));
            assert_eq!((engine, searched.schedules), (Engine::Optimal, most));
            assert!(searched.bound.is_some());
        }
        let (engine, _, searched) = auto::<Protocol>(&case, 10, schedules(11));
        assert_eq!((engine, searched.schedules), (Engine::Stateful, 11));
        assert!(searched.bound.is_some());
    }

    #[test]
    fn earlier_findings_are_retained_if_the_search_of_states_is_bounded() {
        let budget = Budget { states: Some(3), ..Budget::default() };
        let (engine, why, searched) = auto::<Protocol>(&case("article", 3, ""), 50, budget);
        assert_eq!((engine, why), (Engine::Optimal, None));
        assert!(searched.tally.violations[&Rule::Stale] > 0 && searched.trace.is_some());
        let bound = searched.bound.expect("neither was complete");
        assert!(bound.starts_with("stopped at the bound of 3 states"), "{bound}");
    }

    #[test]
    fn an_interrupted_search_does_not_start_again() {
        let mut looks = Vec::new();
        let mut watch = |reached| {
            looks.push(reached);
            ControlFlow::Break(())
        };
        let case = case("tiered", 3, "");
        let mut search = Search {
            case: &case,
            budget: Budget::default(),
            kept: None,
            watch: &mut watch,
            first_only: false,
            fleet: None,
        };
        let (engine, _, searched) = above::<Protocol>(&mut search, 10);
        assert_eq!((engine, searched.schedules), (Engine::Optimal, 10));
        assert_eq!(looks.last(), Some(&Reached::Schedules(10)));
    }

    /// The article's cache without the promise that stateful search needs.
    #[derive(Clone, Copy)]
    struct Unpromised;

    impl Caches for Unpromised {
        const ALL: &'static [Self] = &[Unpromised];

        fn name(self) -> &'static str {
            "article"
        }

        fn build<P, R, V>(self, tiers: Tiers<P, R>, visitor: V) -> V::Output
        where
            P: Primitives,
            R: Remote<Key, Value, Error = Failure> + 'static,
            V: Visitor,
        {
            Protocol::Article.build(tiers, visitor)
        }
    }

    #[test]
    fn a_cache_that_does_not_promise_it_is_not_searched_by_states() {
        let case = case("article", 3, "");
        let (engine, why, searched) = auto::<Unpromised>(&case, 10, Budget::default());
        assert_eq!((engine, why, searched.bound), (Engine::Optimal, None, None));
        let bound = |most| auto::<Unpromised>(&case, 10, schedules(most)).2.bound.expect("there are more");
        assert!(bound(11).contains("; --engine stateful may get further: "), "{}", bound(11));
        assert!(!bound(10).contains("stateful"), "{}", bound(10));
    }

    /// No cache; the path to Redis contains an opaque operation.
    #[derive(Clone, Copy)]
    struct Blind;

    struct Passing<R>(R);

    impl Caches for Blind {
        const ALL: &'static [Self] = &[Blind];
        const BY_STATES: bool = true;
        const ON_PEERS: bool = false;

        fn name(self) -> &'static str {
            "blind"
        }

        fn build<P, R, V>(self, tiers: Tiers<P, R>, visitor: V) -> V::Output
        where
            P: Primitives,
            R: Remote<Key, Value, Error = Failure> + 'static,
            V: Visitor,
        {
            visitor.visit(Passing(tiers.remote))
        }
    }

    impl<R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest for Passing<R> {
        async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
            opaque();
            Ok(self.0.get(&key).await?.map(|found| found.value))
        }

        async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
            opaque();
            self.0.set(&key, &value, None).await
        }

        async fn delete(&self, key: Key) -> Result<(), Failure> {
            self.0.delete(&key).await
        }
    }

    #[test]
    fn a_case_without_states_is_searched_completely_by_classes() {
        let case = case("blind", 2, "");
        let (engine, why, all) = auto::<Blind>(&case, 10, Budget::default());
        assert_eq!((engine, why), (Engine::Optimal, None));
        assert!(all.bound.is_none() && all.refused.is_none() && all.schedules > 20, "{}", all.schedules);
        let bound = auto::<Blind>(&case, 10, schedules(20)).2.bound.expect("there are more");
        assert!(bound.contains("; not searched by states: the program has an effect"), "{bound}");
    }
}
