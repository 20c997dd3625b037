//! The protocol of a search on many machines, explored over the simulated Redis: workers that
//! search a small graph of states, one of which may be killed before each script. Leases expire at
//! once, so a worker may always take what another one has taken. And the search of a case over it,
//! compared with that of one process.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use selvedge::Remote;
use selvedge::sync::Primitives;
use selvedge_engine::{Ending, Explorer, Run, choose, fold, thread};
use selvedge_redis::{Connection, Redis, Reply};
use selvedge_sim::explore::{Exploration, Fleet, FleetServer};
use selvedge_sim::fleet::{
    Acknowledgement, Call, FleetError, Identity, Item, Job, Link, Notes, Reply as Strings, Round, Worker,
};
use selvedge_sim::history::{Key, Value};
use selvedge_sim::protocols::{CacheUnderTest, Caches, Failure, Tiers, Visitor};
use selvedge_sim::scenario::parse;
use selvedge_sim::verdict::{Budget, Engine, Verdict};

/// The successors of each state. State 0 is the initial state.
type Graph = &'static [&'static [u128]];

/// The initial state alone.
const ONE: Graph = &[&[]];

/// One step.
const STEP: Graph = &[&[1], &[]];

/// Two paths to one state.
const TRIANGLE: Graph = &[&[1, 2], &[2], &[]];

/// Two paths to one state, and a way back.
const DIAMOND: Graph = &[&[1, 2], &[3], &[3, 0], &[]];

/// How a link deviates from the protocol.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// Not at all: what ships.
    Shipped,
    /// A claim and its entry in the queue are two scripts.
    InTwoSteps,
    /// An acknowledgement counts a state again.
    CountsAgain,
    /// A state is acknowledged before its successors are claimed.
    EarlyAcknowledgement,
}

/// A connection of a worker that may be killed once.
struct Mortal {
    connection: Connection,
    is_mortal: bool,
    variant: Variant,
}

const ADD: &str = r"
local new = {'open'}
for i = 2, #ARGV, 2 do
  if redis.call('SADD', KEYS[2], ARGV[i]) == 1 then
    redis.call('HINCRBY', KEYS[1], 'claimed', 1)
    new[#new + 1] = ARGV[i]
    new[#new + 1] = ARGV[i + 1]
  end
end
return new
";

const QUEUE: &str = r"
for i = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
  redis.call('RPUSH', KEYS[4], ARGV[i])
end
return {'open'}
";

impl Mortal {
    fn dies(&self) -> Result<(), String> {
        if self.is_mortal && choose(2) == 1 { Err("killed".to_owned()) } else { Ok(()) }
    }

    fn eval(&self, script: &str, keys: &[String], arguments: &[Vec<u8>]) -> Result<Strings, String> {
        let count = keys.len().to_string();
        let mut words: Vec<&[u8]> = vec![b"EVAL", script.as_bytes(), count.as_bytes()];
        words.extend(keys.iter().map(String::as_bytes));
        words.extend(arguments.iter().map(Vec::as_slice));
        match self.connection.command(words).map_err(|error| error.to_string())? {
            Reply::Array(items) => Ok(items.into_iter().map(text).collect()),
            other => Err(format!("{other:?}")),
        }
    }
}

fn text(reply: Reply) -> Vec<u8> {
    match reply {
        Reply::Bulk(bytes) => bytes.to_vec(),
        Reply::Status(bytes) => bytes.to_vec(),
        Reply::Integer(number) => number.to_string().into_bytes(),
        other => panic!("a script returned {other:?}"),
    }
}

impl Link for Mortal {
    fn call(&mut self, calls: &[Call]) -> Result<Vec<Strings>, String> {
        let mut replies = Vec::new();
        for Call { script, keys, arguments } in calls {
            self.dies()?;
            let is = |word: &str| script.contains(word);
            replies.push(match self.variant {
                Variant::InTwoSteps if is("SISMEMBER") => {
                    let mut new = self.eval(ADD, keys, arguments)?;
                    self.dies()?;
                    new[0] = Vec::new();
                    self.eval(QUEUE, keys, &new)?
                }
                Variant::CountsAgain if is("HDEL") => {
                    let checked = "if redis.call('HDEL', open, id) == 1 then";
                    assert!(is(checked));
                    let script = script.replace(checked, "redis.call('HDEL', open, id)\nif true then");
                    self.eval(&script, keys, arguments)?
                }
                _ => self.eval(script, keys, arguments)?,
            });
        }
        // A worker that dies now, and loses the replies, is one that dies before the next call.
        Ok(replies)
    }
}

fn item(state: u128) -> Item {
    Item { id: state.to_be_bytes().into(), path: format!("s1:{state}") }
}

/// The counts of a state, and its successors.
fn expand(graph: Graph, item_: &Item) -> (Acknowledgement, Vec<Item>) {
    let state: Option<u128> = item_.id.as_slice().try_into().ok().map(u128::from_be_bytes);
    let steps: &[u128] = state.map_or(&[0], |state| graph[state as usize]);
    let transitions = if state.is_some() { steps.len() as u64 } else { 0 };
    let executions = u64::from(steps.is_empty());
    // The last state has a finding.
    let (found, schedule) =
        if state == Some(graph.len() as u128 - 1) { (1, Some("s1:a".parse().unwrap())) } else { (0, None) };
    let counts = Acknowledgement { id: item_.id.clone(), transitions, executions, found, schedule };
    (counts, steps.iter().copied().map(item).collect())
}

/// The worker's part of the search, with the loop that ships.
fn search(graph: Graph, mut worker: Worker<Mortal>) -> Result<(), String> {
    loop {
        match worker.round(&Notes::default())? {
            Round::Expand(items) => {
                for item in items {
                    let (counts, successors) = expand(graph, &item);
                    worker.add(counts, successors);
                }
            }
            Round::Wait => panic!("a lease that has expired leaves nothing to wait for"),
            Round::Ended => return Ok(()),
            Round::Complete => {
                let job = worker.job().clone();
                return job.finish(&mut worker.link);
            }
        }
    }
}

/// The same with a wrong order.
fn search_early(graph: Graph, job: &Job, mut link: Mortal) -> Result<(), String> {
    let (mut expanded, mut successors) = (Vec::new(), Vec::new());
    loop {
        let taken = job.acknowledge_and_take(&mut link, &expanded, &Notes::default(), (8, 0))?;
        let Some(taken) = taken else { return Ok(()) };
        if !successors.is_empty() && !job.claim(&mut link, &successors)? {
            return Ok(());
        }
        (expanded, successors) = (Vec::new(), Vec::new());
        if taken.items.is_empty() && taken.claimed == taken.acknowledged {
            return job.finish(&mut link);
        }
        for item in taken.items {
            let (counts, next) = expand(graph, &item);
            expanded.push(counts);
            successors.extend(next);
        }
    }
}

/// One search by this number of workers, the first of which may be killed.
fn program(graph: Graph, workers: usize, variant: Variant) {
    let redis = Redis::explored();
    let link =
        |is_mortal| Mortal { connection: redis.connection().with_instrumented_code(), is_mortal, variant };
    let identity = Identity {
        name: "a".to_owned(),
        build: "a".to_owned(),
        case: "a".to_owned(),
        server: "a".to_owned(),
    };
    let mut own = link(false);
    let (job, _) = Job::join(&mut own, &identity, "1", 0).unwrap().unwrap();
    let workers: Vec<_> = (0..workers)
        .map(|nth| {
            let (link, job) = (link(nth == 0), job.clone());
            thread::spawn(move || match variant {
                Variant::EarlyAcknowledgement => search_early(graph, &job, link),
                _ => search(graph, Worker::new(link, job).lease(0)),
            })
        })
        .collect();
    for (nth, worker) in workers.into_iter().enumerate() {
        let ended = worker.join().expect("no worker panics");
        assert!(ended.is_ok() || nth == 0, "{ended:?}");
    }
    let outcome = job.outcome(&mut own).unwrap().expect("the job is there");
    let states = graph.len() as u64;
    let steps = graph.iter().map(|steps| steps.len() as u64).sum::<u64>();
    assert_eq!((outcome.state.as_str(), outcome.states, outcome.expanded), ("done", states, states));
    let ends = graph.iter().filter(|steps| steps.is_empty()).count() as u64;
    assert_eq!((outcome.transitions, outcome.executions), (steps, ends));
    let found: Vec<_> = outcome.found.iter().map(|(kind, states, _)| (*kind, *states)).collect();
    assert_eq!(found, [(0, 1)]);
}

/// Every schedule of these workers.
fn all(graph: Graph, workers: usize) {
    let report = Explorer::optimal().run(move || program(graph, workers, Variant::Shipped));
    assert!(report.failure.is_none(), "{:?}", report.failure);
    assert!(report.is_complete() && report.executions > 100, "{report:?}");
    println!("{} schedules of {} states in {:?}", report.executions, graph.len(), report.elapsed);
}

#[test]
fn two_workers_lose_no_state_and_count_none_twice() {
    all(ONE, 2);
}

#[test]
#[ignore = "takes minutes: cargo test -p selvedge-sim --test fleet -- --ignored two_workers"]
fn two_workers_of_two_states_lose_none() {
    all(STEP, 2);
}

#[test]
#[ignore = "takes hours: cargo test -p selvedge-sim --test fleet -- --ignored three_workers"]
fn three_workers_lose_no_state_and_count_none_twice() {
    all(ONE, 3);
}

#[test]
fn random_schedules_of_three_workers_and_larger_graphs() {
    for (graph, workers) in [(TRIANGLE, 2), (DIAMOND, 2), (DIAMOND, 3)] {
        let report = Explorer::random(1, 250).run(move || program(graph, workers, Variant::Shipped));
        assert!(report.failure.is_none() && report.executions == 250, "{report:?}");
    }
}

#[test]
fn each_deviation_from_the_protocol_is_found() {
    for variant in [Variant::InTwoSteps, Variant::CountsAgain, Variant::EarlyAcknowledgement] {
        let report = Explorer::random(1, 20_000)
            .observe(
                move || program(STEP, 2, variant),
                fold((), |(), run: &Run<'_>| match run.ending() {
                    Ending::Complete => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }),
            )
            .0;
        assert!(report.panics > 0, "{report:?}");
    }
}

/// No cache. A read of an absent key panics.
#[derive(Clone, Copy)]
struct Strict;

struct Passing<R>(R);

impl Caches for Strict {
    const ALL: &'static [Self] = &[Strict];
    const BY_STATES: bool = true;
    const ON_PEERS: bool = false;

    fn name(self) -> &'static str {
        "strict"
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
        let found = self.0.get(&key).await?;
        Ok(Some(found.expect("the key is present").value))
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.0.set(&key, &value, None).await
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        self.0.delete(&key).await
    }
}

/// A simulated server on the wall clock.
struct Simulated(Redis);

impl FleetServer for Simulated {
    fn connect(&self) -> Result<Box<dyn Link + Send>, FleetError> {
        let connection = self.0.connection();
        Ok(Box::new(Mortal { connection, is_mortal: false, variant: Variant::Shipped }))
    }

    fn identity(&self) -> String {
        "a".to_owned()
    }

    fn place(&self) -> String {
        "the test".to_owned()
    }
}

#[test]
fn a_panic_is_that_of_one_process() {
    for remote in ["present", "absent"] {
        let text = format!(
            "name = \"a\"\nabout = \"a test\"\ncache = \"strict\"\nlocal = \"cold\"\nremote = \"{remote}\"\n\
             [[thread]]\nname = \"reader\"\ncount = 2\nops = [\"get user:1\"]\n\
             [[thread]]\nname = \"writer\"\ncount = 2\nops = [\"set user:1\"]\n\
             [[expect]]\nconsistency = \"linearizable\"\n"
        );
        let case = parse("a.toml", &text, &["strict"]).expect("no mistake").cases.remove(0);
        let explored = |fleet: Option<&Fleet>| {
            let budget =
                Budget { jobs: NonZeroUsize::new(if fleet.is_some() { 3 } else { 1 }), ..Budget::default() };
            let request = Exploration::of(&case).among::<Strict>().engine(Engine::Stateful).budget(budget);
            let report = fleet.into_iter().fold(request, |request, fleet| request.fleet(fleet)).run();
            let states = report.states.expect("a search by states");
            (report.verdict, report.complete, report.schedules, states.states, states.transitions)
        };
        let one = explored(None);
        assert_eq!(matches!(one.0, Verdict::Panic(_)), remote == "absent", "{one:?}");
        let redis = Redis::on_wall_clock();
        for _ in 0..2 {
            let fleet = Fleet::new(Simulated(redis.clone()), b"this build");
            assert_eq!(explored(Some(&fleet)), one);
            assert!(fleet.take_error().is_none());
        }
        // The job is of this build, but it has ended: another build searches again.
        let other = Fleet::new(Simulated(redis), b"another build");
        assert_eq!(explored(Some(&other)), one);
    }
}
