//! Reads one case of a scenario: the file, with one value for each axis.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use selvedge_engine::MAX_TASKS;
use toml::de::{DeTable, DeValue};

use super::axes::Axes;
use super::of_script::DEFINE_DELETE;
use super::reader::{Reader, Value};
use super::{Ability, Known, Local, NODES, Op, OpError, OpKind, RemoteStart, Source, Special, ThreadSpec};
use crate::history::Key;
use crate::script::Script;

/// The end of a script's name.
const SCRIPT: &str = ".star";

/// The limit of copies of a thread.
const MOST_COPIES: u64 = 64;

/// The limit of faults.
const MOST_FAULTS: u64 = 8;

/// Reads the file for one case.
pub(super) struct CaseReader<'r, 'd> {
    pub(super) reader: &'r mut Reader,
    pub(super) axes: &'r mut Axes<'d>,
    pub(super) combination: &'r [usize],
    /// The available caches.
    pub(super) known: &'r [Known<'r>],
    /// See [`Parts::threads_at`].
    pub(super) threads_at: Range<usize>,
}

/// The parts of a case.
pub(super) struct Parts {
    pub(super) cache: String,
    pub(super) script: Option<Arc<Script>>,
    pub(super) local: Local,
    pub(super) remote: RemoteStart,
    pub(super) source: Source,
    pub(super) derived: BTreeMap<Key, Vec<Key>>,
    pub(super) nodes: usize,
    pub(super) faults: u32,
    pub(super) drops: u32,
    pub(super) specials: BTreeSet<Special>,
    pub(super) threads: Vec<ThreadSpec>,
    /// The span of the first thread over the limit of a run; of the last thread if none is.
    pub(super) threads_at: Range<usize>,
}

impl<'r, 'd> CaseReader<'r, 'd> {
    /// Reads all parts, so that every error is found. Returns them if none is missing.
    pub(super) fn parts(&mut self, root: &'d DeTable<'d>) -> Option<Parts> {
        let (cache, script) = self.cache(root);
        let local = self.name(root, "local", "start of the local tier", &Local::ALL.map(Local::name));
        let remote =
            self.name(root, "remote", "start of the remote tier", &RemoteStart::ALL.map(RemoteStart::name));
        let source = self.source(root);
        let derived = self.derived(root, cache, source);
        let nodes = self.nodes(root, cache, source);
        let (faults, drops) = (self.bound(root, "faults"), self.bound(root, "drops"));
        let specials = self.specials(root, cache, source);
        let threads = self.threads(root, cache, source, nodes.unwrap_or(NODES.len()));
        if let (Some(2..), Some("expiring"), Some(value)) = (nodes, remote, root.get("nodes")) {
            let what = "several nodes with a remote tier whose keys expire, which is not modelled";
            let expected = "expected only with remote = \"present\" or \"absent\"";
            self.reader.mistake(value.span(), what, expected, None);
        }
        if let (Some(script), Some(value)) = (&script, root.get("cache")) {
            let name = value.get_ref().as_str().unwrap_or_default();
            self.check_script(name, script, value.span(), source, threads.as_deref());
        }
        self.check_strict(root, nodes, specials.as_ref(), threads.as_deref());
        Some(Parts {
            cache: cache?.name.to_owned(),
            script,
            local: Local::ALL.into_iter().find(|it| Some(it.name()) == local)?,
            remote: RemoteStart::ALL.into_iter().find(|it| Some(it.name()) == remote)?,
            source: source?,
            derived: derived?,
            nodes: nodes?,
            faults: faults?,
            drops: drops?,
            specials: specials?,
            threads_at: self.threads_at.clone(),
            threads: threads?,
        })
    }

    /// Reads the cache: one of the known ones, or a script.
    fn cache(&mut self, root: &'d DeTable<'d>) -> (Option<Known<'r>>, Option<Arc<Script>>) {
        let is_script = |name: &str| name.ends_with(SCRIPT);
        let value = root.get("cache").and_then(|value| self.resolve(value));
        if let Some(value) = value
            && let DeValue::String(name) = value.get_ref()
            && is_script(name)
        {
            let script = self.reader.script(value.span(), name);
            let known = script.as_ref().map(|script| Known {
                name: Key::new(name.strip_prefix("./").unwrap_or(name)).name(),
                abilities: script.abilities(),
            });
            return (known, script);
        }
        let names: Vec<_> = self.known.iter().map(|known| known.name).collect();
        let cache = self.name(root, "cache", "cache", &names);
        (cache.and_then(|name| self.known.iter().copied().find(|known| known.name == name)), None)
    }

    /// Records an error if the script lacks a function that the case calls, or the case lacks the
    /// database that the script uses.
    fn check_script(
        &mut self,
        name: &str,
        script: &Script,
        place: Range<usize>,
        source: Option<Source>,
        threads: Option<&[ThreadSpec]>,
    ) {
        let Some(source) = source else { return };
        if script.lacks_database(source) {
            let what = format!("{name} uses `db`, but the scenario has no database");
            let help = Some("add source = \"database\", or use `redis` alone".to_owned());
            self.reader.mistake(place.clone(), what, "named here", help);
        }
        let mut ops = threads.unwrap_or_default().iter().flat_map(|thread| &thread.ops);
        if ops.any(|op| script.lacks_delete(source, op.kind)) {
            let what = format!("{name} defines no `delete`, which the case calls");
            self.reader.mistake(place, what, "named here", Some(DEFINE_DELETE.to_owned()));
        }
    }

    /// Reports what is not modelled at the level `Strict`, and what has an effect only there.
    fn check_strict(
        &mut self,
        root: &'d DeTable<'d>,
        nodes: Option<usize>,
        specials: Option<&BTreeSet<Special>>,
        threads: Option<&[ThreadSpec]>,
    ) {
        let (Some(nodes), Some(specials), Some(threads)) = (nodes, specials, threads) else { return };
        let place = |field: &str| root.get(field).map_or(0..0, |value| value.span());
        let kinds: Vec<_> = threads.iter().flat_map(|thread| &thread.ops).map(|op| op.kind).collect();
        if !specials.contains(&Special::Strict) {
            let needs = [Special::LeaseFromReply, Special::AnswersFirst];
            let needs = needs.into_iter().find(|its| specials.contains(its)).map(Special::name);
            let needs = needs.or_else(|| kinds.iter().find(|kind| kind.is_strict()).map(|kind| kind.name()));
            if let Some(name) = needs {
                let what = format!("`{name}` without the level `strict`");
                let expected = "expected only with specials = [\"strict\"]";
                self.reader.mistake(place("specials"), what, expected, None);
            }
            return;
        }
        if nodes < 2 {
            let what = "the level `strict` with one node, whose writes open nothing on others";
            self.reader.mistake(place("specials"), what, "expected only with nodes = 2 or 3", None);
        }
        if let Some(kind) = kinds.iter().find(|kind| !kind.is_for_strict()) {
            let what = format!("`{kind}` at the level `strict`, which is not modelled");
            self.reader.mistake(place("thread"), what, "expected another operation", None);
        }
        for field in ["faults", "drops", "derived"] {
            if root.get(field).is_some() {
                let what = format!("`{field}` at the level `strict`, which is not modelled");
                self.reader.mistake(place(field), what, "expected without it", None);
            }
        }
    }

    fn source(&mut self, root: &'d DeTable<'d>) -> Option<Source> {
        let Some(value) = root.get("source") else { return Some(Source::default()) };
        let value = self.resolve(value)?;
        let name = self.reader.one_of(value, "source of truth", &Source::ALL.map(Source::name))?;
        Source::ALL.into_iter().find(|source| source.name() == name)
    }

    /// Records an error if the cache does not support the ability.
    fn require(&mut self, ability: Ability, cache: Option<Known<'_>>, place: Range<usize>) {
        let Some(Known { name, .. }) = cache.filter(|cache| !cache.abilities.contains(&ability)) else {
            return;
        };
        let able = self.known.iter().filter(|known| known.abilities.contains(&ability));
        let able: Vec<_> = able.map(|known| known.name).collect();
        let (expected, other) = match &able[..] {
            [] => ("no available cache supports it".to_owned(), "declare it"),
            able => (format!("supported by: {}", able.join(", ")), "name another cache"),
        };
        let help = format!(
            "remove `{ability}` from the cases of `{name}`, or {other}. A custom cache declares what it supports in \
             `Caches::abilities`"
        );
        self.reader.mistake(
            place,
            format!("the cache `{name}` does not support `{ability}`"),
            expected,
            Some(help),
        );
    }

    fn derived(
        &mut self,
        root: &'d DeTable<'d>,
        cache: Option<Known<'_>>,
        source: Option<Source>,
    ) -> Option<BTreeMap<Key, Vec<Key>>> {
        let Some(value) = root.get("derived") else { return Some(BTreeMap::new()) };
        let value = self.resolve(value)?;
        let table = self.reader.table(value, "a table of keys, each with the list of its derived keys")?;
        let mut derived = BTreeMap::new();
        for (key, its) in table {
            let its = self.resolve(its)?;
            let list = self.reader.list(its, "a list of keys")?;
            let keys: Option<Vec<_>> = list.iter().map(|key| self.reader.name(key, "a key")).collect();
            if !self.reader.check_name(key.span(), key.get_ref()) {
                return None;
            }
            derived.insert(Key::new(key.get_ref()), keys?.into_iter().map(Key::new).collect());
        }
        // A database creates the versions of derived keys itself.
        if !derived.is_empty() && source == Some(Source::Remote) {
            self.require(Ability::Derives, cache, value.span());
        }
        Some(derived)
    }

    /// Reads the number of nodes; the default is 1.
    fn nodes(
        &mut self,
        root: &'d DeTable<'d>,
        cache: Option<Known<'_>>,
        source: Option<Source>,
    ) -> Option<usize> {
        let Some(value) = root.get("nodes") else { return Some(1) };
        let value = self.resolve(value)?;
        let nodes = self.number(value, 1..=NODES.len() as u64, "a number of nodes out of range", None)?;
        if nodes > 1 {
            self.require(Ability::Invalidates, cache, value.span());
            if source == Some(Source::Database) {
                let what =
                    "several nodes with a database behind the remote tier, whose writes are not modelled";
                self.reader.mistake(value.span(), what, "expected only with source = \"remote\"", None);
            }
        }
        Some(nodes as usize)
    }

    /// Reads the name of one of the nodes; returns its index.
    fn node(&mut self, name: &str, place: Range<usize>, nodes: usize) -> Option<usize> {
        let known = &NODES[..nodes];
        let node = known.iter().position(|known| *known == name);
        if node.is_none() {
            self.reader.unknown(place, "node", name, known);
        }
        node
    }

    /// Reads an optional bound; the default is 0.
    fn bound(&mut self, root: &'d DeTable<'d>, field: &str) -> Option<u32> {
        let Some(value) = root.get(field) else { return Some(0) };
        let value = self.resolve(value)?;
        let what = format!("a number of {field} out of range");
        self.number(value, 0..=MOST_FAULTS, &what, None).map(|number| number as u32)
    }

    fn specials(
        &mut self,
        root: &'d DeTable<'d>,
        cache: Option<Known<'_>>,
        source: Option<Source>,
    ) -> Option<BTreeSet<Special>> {
        let Some(value) = root.get("specials") else { return Some(BTreeSet::new()) };
        let value = self.resolve(value)?;
        let mut specials = BTreeSet::new();
        for name in self.reader.list(value, "a list of specials")? {
            let value = self.resolve(name)?;
            let name = self.reader.one_of(value, "special", &Special::ALL.map(Special::name))?;
            let special = Special::ALL.into_iter().find(|special| special.name() == name)?;
            self.require(Ability::of_special(special), cache, value.span());
            if special.is_of_loads() && source == Some(Source::Remote) {
                let what = format!(
                    "`{name}`, although the source of truth is the remote tier and so nothing is loaded"
                );
                let expected = "expected only with source = \"database\"";
                self.reader.mistake(value.span(), what, expected, None);
            }
            specials.insert(special);
        }
        Some(specials)
    }

    fn resolve(&mut self, value: &'d Value<'d>) -> Option<&'d Value<'d>> {
        self.axes.resolve(self.reader, self.combination, value)
    }

    fn name(&mut self, root: &'d DeTable<'d>, field: &str, kind: &str, known: &[&str]) -> Option<&'d str> {
        let value = self.reader.field(root, 0..0, "the scenario", field, &known.join(", "))?;
        let value = self.resolve(value)?;
        self.reader.one_of(value, kind, known)
    }

    fn threads(
        &mut self,
        root: &'d DeTable<'d>,
        cache: Option<Known<'_>>,
        source: Option<Source>,
        nodes: usize,
    ) -> Option<Vec<ThreadSpec>> {
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
            if threads.len() < MAX_TASKS {
                self.threads_at = thread.span();
            }
            threads.extend(self.thread(thread, cache, source, nodes).unwrap_or_default());
        }
        let mut names = BTreeSet::new();
        for thread in &threads {
            if !names.insert(&thread.name) {
                let help = Some("give each [[thread]] a unique name".to_owned());
                let what = format!("two threads have the name `{}`", thread.name);
                self.reader.mistake(value.span(), what, "expected a unique name", help);
            }
        }
        Some(threads)
    }

    fn thread(
        &mut self,
        value: &'d Value<'d>,
        cache: Option<Known<'_>>,
        source: Option<Source>,
        nodes: usize,
    ) -> Option<Vec<ThreadSpec>> {
        let value = self.resolve(value)?;
        let table = self.reader.table(value, "a table with name and ops")?;
        self.reader.only_fields(table, "a thread", &["name", "node", "count", "ops", "spared"]);
        let name = self.reader.field(table, value.span(), "the thread", "name", "a string");
        let name = name.and_then(|name| self.resolve(name)).and_then(|name| self.reader.name(name, "a name"));
        let count = match table.get("count") {
            Some(count) => self.count(count),
            None => Some(1),
        };
        let ops = self.reader.field(table, value.span(), "the thread", "ops", "a list of operations");
        let node = match table.get("node") {
            Some(node) => {
                let name = self.resolve(node).and_then(|node| self.reader.name(node, "the name of a node"));
                name.and_then(|name| self.node(name, node.span(), nodes))
            }
            None => Some(0),
        };
        let ops = ops.and_then(|ops| self.ops(ops, cache, source, nodes));
        let spared = match table.get("spared") {
            Some(spared) => {
                self.resolve(spared).and_then(|spared| self.reader.boolean(spared, "true or false"))
            }
            None => Some(false),
        };
        let (name, node, count, ops, spared) = (name?, node?, count?, ops?, spared?);
        let named = |name: String| ThreadSpec { name, node, ops: ops.clone(), spared };
        Some(match count {
            1 => vec![named(name.to_owned())],
            _ => (1..=count).map(|copy| named(format!("{name}-{copy}"))).collect(),
        })
    }

    fn count(&mut self, value: &'d Value<'d>) -> Option<u64> {
        let value = self.resolve(value)?;
        let help = Some("remove the thread, or set a count of 1 or more".to_owned());
        self.number(value, 1..=MOST_COPIES, "a count of threads out of range", help)
    }

    fn number(
        &mut self,
        value: &'d Value<'d>,
        range: RangeInclusive<u64>,
        what: &str,
        help: Option<String>,
    ) -> Option<u64> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let expected = format!("expected a number from {} to {}", range.start(), range.end());
            self.reader.mistake(value.span(), what, expected, help);
        }
        number
    }

    fn ops(
        &mut self,
        value: &'d Value<'d>,
        cache: Option<Known<'_>>,
        source: Option<Source>,
        nodes: usize,
    ) -> Option<Vec<Op>> {
        let value = self.resolve(value)?;
        let list = self.reader.list(value, "a list of operations, such as [\"get user:1\"]")?;
        if list.is_empty() {
            self.reader.mistake(value.span(), "a thread without operations", "expected an operation", None);
            return None;
        }
        list.iter().map(|op| self.op(op, cache, source, nodes)).collect()
    }

    fn op(
        &mut self,
        value: &'d Value<'d>,
        cache: Option<Known<'_>>,
        source: Option<Source>,
        nodes: usize,
    ) -> Option<Op> {
        let value = self.resolve(value)?;
        let expected = "an operation, such as get KEY, set KEY or delete KEY";
        let text = self.reader.string(value, expected)?;
        let op: Op = match text.parse() {
            Ok(op) => op,
            Err(OpError::NoVerb { verb }) => {
                self.reader.unknown(value.span(), "operation", &verb, &OpKind::ALL.map(OpKind::name));
                return None;
            }
            Err(OpError::NoKey { text }) => {
                let what = format!("`{text}` has no key");
                self.reader.mistake(value.span(), what, format!("expected {expected}"), None);
                return None;
            }
        };
        if !self.reader.check_name(value.span(), op.key.name()) {
            return None;
        }
        if op.key.name().starts_with('$') {
            let verb = op.kind.name();
            let help = Some(format!("use an axis for the whole operation, such as \"{verb} user:1\""));
            self.reader.mistake(
                value.span(),
                "an axis within a string",
                "an axis replaces a whole string",
                help,
            );
            return None;
        }
        if op.kind.is_of_node() {
            self.node(op.key.name(), value.span(), nodes)?;
        }
        if let Some(ability) = Ability::of_operation(op.kind) {
            self.require(ability, cache, value.span());
        }
        let is_script = cache.is_some_and(|cache| cache.name.ends_with(SCRIPT));
        if op.kind == OpKind::Load && source == Some(Source::Database) && !is_script {
            let what = "`load`, although the source of truth is a database: use `get`, which loads";
            let expected = "expected only with source = \"remote\"".to_owned();
            self.reader.mistake(value.span(), what, expected, None);
        }
        if op.kind == OpKind::Forget && source == Some(Source::Remote) {
            let what =
                "`forget`, although the source of truth is the remote tier: the key's value would be lost";
            let expected = "expected only with source = \"database\"".to_owned();
            self.reader.mistake(value.span(), what, expected, None);
        }
        Some(op)
    }
}
