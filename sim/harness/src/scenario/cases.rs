//! One case: the file read once more, with each axis at one value.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use super::axes::Axes;
use super::reader::{Reader, Value};
use super::{Local, Op, OpError, OpKind, RemoteStart, ThreadSpec};

/// A thread of more copies than this is a slip.
const MOST_COPIES: u64 = 64;

/// Reads the file as one case has it.
pub(super) struct CaseReader<'r, 'd> {
    pub(super) reader: &'r mut Reader,
    pub(super) axes: &'r mut Axes<'d>,
    pub(super) combination: &'r [usize],
    /// The caches that there are.
    pub(super) known: &'r [&'r str],
}

/// What a case has of its own.
pub(super) struct Parts {
    pub(super) cache: String,
    pub(super) local: Local,
    pub(super) remote: RemoteStart,
    pub(super) threads: Vec<ThreadSpec>,
}

impl<'d> CaseReader<'_, 'd> {
    /// Reads all parts, so that every mistake is seen, and gives them back if none is missing.
    pub(super) fn parts(&mut self, root: &'d DeTable<'d>) -> Option<Parts> {
        let cache = self.name(root, "cache", "cache", self.known);
        let local = self.name(root, "local", "start of the local tier", &Local::ALL.map(Local::name));
        let remote =
            self.name(root, "remote", "start of the remote tier", &RemoteStart::ALL.map(RemoteStart::name));
        let threads = self.threads(root);
        Some(Parts {
            cache: cache?.to_owned(),
            local: Local::ALL.into_iter().find(|it| Some(it.name()) == local)?,
            remote: RemoteStart::ALL.into_iter().find(|it| Some(it.name()) == remote)?,
            threads: threads?,
        })
    }

    fn resolve(&mut self, value: &'d Value<'d>) -> Option<&'d Value<'d>> {
        self.axes.resolve(self.reader, self.combination, value)
    }

    fn name(&mut self, root: &'d DeTable<'d>, field: &str, kind: &str, known: &[&str]) -> Option<&'d str> {
        let value = self.reader.field(root, 0..0, "the scenario", field, &known.join(", "))?;
        let value = self.resolve(value)?;
        self.reader.one_of(value, kind, known)
    }

    fn threads(&mut self, root: &'d DeTable<'d>) -> Option<Vec<ThreadSpec>> {
        let value =
            self.reader.field(root, 0..0, "the scenario", "thread", "a [[thread]] with name and ops")?;
        let value = self.resolve(value)?;
        let list = self.reader.list(value, "a list of threads, each a [[thread]]")?;
        if list.is_empty() {
            self.reader.mistake(
                value.span(),
                "the scenario has no thread",
                "expected a thread with name and ops",
                None,
            );
        }
        let mut threads = Vec::new();
        for thread in list {
            threads.extend(self.thread(thread).unwrap_or_default());
        }
        let mut names = BTreeSet::new();
        for thread in &threads {
            if !names.insert(&thread.name) {
                let help = Some("give each [[thread]] a name of its own".to_owned());
                let what = format!("two threads have the name `{}`", thread.name);
                self.reader.mistake(value.span(), what, "expected names that differ", help);
            }
        }
        Some(threads)
    }

    fn thread(&mut self, value: &'d Value<'d>) -> Option<Vec<ThreadSpec>> {
        let value = self.resolve(value)?;
        let table = self.reader.table(value, "a table with name and ops")?;
        self.reader.only_fields(table, "a thread", &["name", "count", "ops"]);
        let name = self.reader.field(table, value.span(), "the thread", "name", "a string");
        let name =
            name.and_then(|name| self.resolve(name)).and_then(|name| self.reader.string(name, "a name"));
        let count = match table.get("count") {
            Some(count) => self.count(count),
            None => Some(1),
        };
        let ops = self.reader.field(table, value.span(), "the thread", "ops", "a list of operations");
        let ops = ops.and_then(|ops| self.ops(ops));
        let (name, count, ops) = (name?, count?, ops?);
        let named = |name: String| ThreadSpec { name, ops: ops.clone() };
        Some(match count {
            1 => vec![named(name.to_owned())],
            _ => (1..=count).map(|copy| named(format!("{name}-{copy}"))).collect(),
        })
    }

    fn count(&mut self, value: &'d Value<'d>) -> Option<u64> {
        let value = self.resolve(value)?;
        let count = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let count = count.filter(|count| (1..=MOST_COPIES).contains(count));
        if count.is_none() {
            let help = Some("take the thread out, or let the count be 1 or more".to_owned());
            let expected = format!("expected a number from 1 to {MOST_COPIES}");
            self.reader.mistake(value.span(), "a count of threads that cannot be", expected, help);
        }
        count
    }

    fn ops(&mut self, value: &'d Value<'d>) -> Option<Vec<Op>> {
        let value = self.resolve(value)?;
        let list = self.reader.list(value, "a list of operations, such as [\"get user:1\"]")?;
        if list.is_empty() {
            self.reader.mistake(value.span(), "a thread that does nothing", "expected an operation", None);
            return None;
        }
        list.iter().map(|op| self.op(op)).collect()
    }

    fn op(&mut self, value: &'d Value<'d>) -> Option<Op> {
        let value = self.resolve(value)?;
        let expected = "an operation: get KEY, set KEY or delete KEY";
        let text = self.reader.string(value, expected)?;
        let op: Op = match text.parse() {
            Ok(op) => op,
            Err(OpError::NoVerb { verb }) => {
                self.reader.unknown(value.span(), "operation", &verb, &OpKind::ALL.map(OpKind::name));
                return None;
            }
            Err(OpError::NoKey { text }) => {
                let what = format!("`{text}` names no key");
                self.reader.mistake(value.span(), what, format!("expected {expected}"), None);
                return None;
            }
        };
        if op.key.name().starts_with('$') {
            let verb = op.kind.name();
            let help = Some(format!("let an axis hold the whole operation, such as \"{verb} user:1\""));
            self.reader.mistake(
                value.span(),
                "an axis within a string",
                "an axis stands for a whole string",
                help,
            );
            return None;
        }
        Some(op)
    }
}
