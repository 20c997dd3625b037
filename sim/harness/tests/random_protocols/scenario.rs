//! Random programs, and the calls of their threads.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::KEYS;
use super::program::{Program, Step};

/// A case, as the parts of its scenario.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) program: String,
    pub(super) local: &'static str,
    pub(super) remote: &'static str,
    pub(super) source: &'static str,
    /// The threads, with their calls.
    pub(super) threads: Vec<Vec<String>>,
}

impl Scenario {
    /// The scenario as the text of a file.
    pub(super) fn text(&self) -> String {
        let Scenario { program, local, remote, source, threads } = self;
        let threads = threads.iter().zip('a'..).map(|(ops, name)| {
            let ops: Vec<_> = ops.iter().map(|op| format!("\"{op}\"")).collect();
            format!("{{ name = \"{name}\", ops = [{}] }}", ops.join(", "))
        });
        format!(
            "name = \"random\"\nabout = \"random\"\ncache = \"{program}\"\nlocal = \"{local}\"\n\
             remote = \"{remote}\"\nsource = \"{source}\"\nthread = [{}]\nexpect = [{{ consistency = \"linearizable\" }}]\n",
            threads.collect::<Vec<_>>().join(", ")
        )
    }
}

pub(super) fn scenario() -> impl Strategy<Value = Scenario> {
    let op =
        (prop_oneof![4 => Just("get"), 3 => Just("set"), 3 => Just("delete")], prop::bool::weighted(0.12))
            .prop_map(|(op, other)| format!("{op} {}", KEYS[usize::from(other)]));
    let threads = vec(vec(op, 1..=2), 2..=3);
    let local =
        prop_oneof![3 => Just("cold"), 2 => Just("warm"), 1 => Just("expired"), 1 => Just("expiring")];
    let remote = prop_oneof![3 => Just("present"), 1 => Just("absent"), 1 => Just("expiring")];
    // With a database behind the remote tier, a read loads and sets a missing key, and a write
    // deletes it.
    let source = prop_oneof![6 => Just("remote"), 1 => Just("database")];
    (program(), local, remote, source, threads).prop_map(|(program, local, remote, source, threads)| {
        Scenario { program: program.to_string(), local, remote, source, threads }
    })
}

fn program() -> impl Strategy<Value = Program> {
    (steps(&READS), steps(&WRITES), steps(&WRITES)).prop_map(|(get, set, delete)| Program {
        get,
        set,
        delete,
    })
}

/// The steps of a read. Frequent steps are repeated.
const READS: [Step; 12] = [
    Step::Fetch,
    Step::Fetch,
    Step::Fetch,
    Step::Fill,
    Step::Fill,
    Step::Token,
    Step::Hit,
    Step::Hit,
    Step::Fence,
    Step::Drop,
    Step::Bump,
    Step::Write,
];

/// The steps of a write.
const WRITES: [Step; 12] = [
    Step::Write,
    Step::Write,
    Step::Write,
    Step::Drop,
    Step::Drop,
    Step::Put,
    Step::Put,
    Step::Bump,
    Step::Token,
    Step::Fetch,
    Step::Fill,
    Step::Fence,
];

/// A random list of these steps, sometimes with a block.
fn steps(plain: &'static [Step]) -> impl Strategy<Value = Vec<Step>> {
    let block = move || vec(select(plain), 1..=3);
    let step = prop_oneof![
        8 => select(plain),
        1 => block().prop_map(Step::Lock),
        1 => block().prop_map(Step::Same),
        1 => block().prop_map(Step::Miss),
    ];
    // Puts all steps, or all but the first, under the lock.
    let locked = prop_oneof![6 => Just(None), 1 => Just(Some(0usize)), 1 => Just(Some(1))];
    (vec(step, 0..=4), locked).prop_map(|(mut steps, locked)| {
        if let Some(from) = locked.filter(|&from| from < steps.len()) {
            let inner = steps.split_off(from);
            steps.push(Step::Lock(inner));
        }
        steps
    })
}
