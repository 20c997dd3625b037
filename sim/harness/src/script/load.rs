//! Loads a script: parses it, compiles it once, and executes its top level.

use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::code::{Code, Initial};
use super::compile::compile;
use super::machine::{Event, Machine, Stop};
use super::mistake::{ScriptError, ScriptMistake, Spot};
use super::parser::{LARGEST, parse};
use super::value::{Data, V};
use crate::Excerpt;
use crate::nearest::nearest;
use crate::number::counted;

/// The limit of tasks that a script spawns in a run of one node.
const MOST_TASKS: usize = 12;

/// A script that implements a cache: its functions `get`, `set` and so on are the operations.
pub struct Script {
    excerpt: Excerpt,
    pub(crate) code: Code,
    pub(crate) entries: Entries,
    /// The first mistake that an execution has found.
    mistake: Mutex<Option<ScriptError>>,
    /// Whether a call has failed in an execution.
    has_failed: AtomicBool,
    /// The first line that has looked into a key or a value in an execution.
    looked: Mutex<Option<String>>,
}

/// The functions that the simulator calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries {
    pub(crate) get: u16,
    pub(crate) set: u16,
    pub(crate) delete: Option<u16>,
    pub(crate) load: Option<u16>,
    pub(crate) refresh: Option<u16>,
    pub(crate) on_message: Option<u16>,
    pub(crate) on_reconnect: Option<u16>,
}

impl Script {
    /// Reads a script's file; of one larger than the limit, only enough to detect that.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not UTF-8.
    pub fn read(path: &Path) -> io::Result<String> {
        let mut text = String::new();
        File::open(path)?.take(LARGEST as u64 + 1).read_to_string(&mut text)?;
        Ok(text)
    }

    /// Parses and compiles a script. `name` is for messages.
    ///
    /// # Errors
    ///
    /// Every mistake that can be found without an execution, in the order of the text.
    pub fn parse(name: &str, text: &str) -> Result<Arc<Self>, Vec<ScriptError>> {
        let excerpt = Excerpt::new(name, Arc::new(text.to_owned()));
        let shown = |mistakes: Vec<ScriptMistake>| {
            mistakes.into_iter().map(|mistake| mistake.shown(&excerpt)).collect::<Vec<_>>()
        };
        let block = parse(text).map_err(|mistake| shown(vec![mistake]))?;
        let mut code = compile(&block).map_err(shown)?;
        code.values = top_level(&code).map_err(|mistake| shown(vec![mistake]))?;
        let entries = entries(&code).map_err(shown)?;
        let (mistake, has_failed, looked) = Default::default();
        Ok(Arc::new(Script { excerpt, code, entries, mistake, has_failed, looked }))
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        self.excerpt.name()
    }

    /// A digest of the script's text, the same in each run of a build.
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.text().hash(&mut hasher);
        hasher.finish()
    }

    /// The script's text.
    pub fn text(&self) -> &str {
        self.excerpt.text()
    }

    /// Whether it defines `on_reconnect`.
    pub fn reconnects(&self) -> bool {
        self.entries.on_reconnect.is_some()
    }

    /// Whether it uses leases of the remote tier.
    pub fn has_leases(&self) -> bool {
        self.code.uses.leases
    }

    /// Whether it defines `delete`.
    pub fn has_delete(&self) -> bool {
        self.entries.delete.is_some()
    }

    /// Whether it defines `load`.
    pub fn has_load(&self) -> bool {
        self.entries.load.is_some()
    }

    /// Whether it defines `refresh`.
    pub fn has_refresh(&self) -> bool {
        self.entries.refresh.is_some()
    }

    /// Whether it reads and writes a database.
    pub fn has_database(&self) -> bool {
        self.code.uses.database
    }

    /// The most tasks that it spawns in a run of one node.
    pub fn most_tasks(&self) -> usize {
        if self.code.uses.spawns { MOST_TASKS } else { 0 }
    }

    /// Whether it sends commands that only the whole simulated Redis executes.
    pub fn needs_server(&self) -> bool {
        self.code.uses.server
    }

    /// The feature of this crate that it needs and that is not enabled.
    pub fn missing_feature(&self) -> Option<&'static str> {
        match (self.code.uses.server, self.code.uses.lua) {
            (_, true) if cfg!(not(feature = "lua")) => Some("lua"),
            (true, _) if cfg!(not(feature = "redis")) => Some("redis"),
            _ => None,
        }
    }

    /// Whether it calls `spawn`.
    pub(crate) fn spawns(&self) -> bool {
        self.code.uses.spawns
    }

    /// Whether a call has failed in an execution, so that its outcome was unknown.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Records that a call has failed.
    pub(crate) fn note_failure(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
    }

    /// The first line that has looked into a key or a value in an execution: `orders.star:12`.
    pub(crate) fn looked(&self) -> Option<String> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records that this place looks into a key or a value.
    pub(crate) fn note_look(&self, spot: Spot) {
        let mut first = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            *first = self.line(spot);
        }
    }

    /// Whether it publishes its writes itself.
    pub(crate) fn publishes(&self) -> bool {
        self.code.uses.publish
    }

    /// The mistake that an execution has found, if any. Then the verdict is not about the cache.
    pub fn mistake(&self) -> Option<ScriptError> {
        self.mistake.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the mistake of earlier executions.
    pub(crate) fn forget_mistake(&self) {
        *self.mistake.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Stores the first mistake of an execution. Returns its message.
    pub(crate) fn note_mistake(&self, mistake: ScriptMistake) -> String {
        let (line, _) = self.excerpt.position(mistake.span.start);
        let message = format!("{}:{line}: {}", self.name(), mistake.what);
        let mut first = self.mistake.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| mistake.shown(&self.excerpt));
        message
    }

    /// The message of a limit that was reached.
    pub(crate) fn limit(&self, spot: Spot, what: &str) -> String {
        let (line, _) = self.excerpt.position(spot.range().start);
        format!("{}:{line}: a call of the script was ended at the limit of {what}", self.name())
    }

    /// The line of a place, for traces: `orders.star:12`.
    pub(crate) fn line(&self, spot: Spot) -> Option<String> {
        let (line, _) = self.excerpt.position(spot.range().start);
        Some(format!("{}:{line}", self.name()))
    }

    /// The index of the shared dictionary that is the local tier: `local`, or the script's first.
    pub(crate) fn local_tier(&self) -> usize {
        usize::from(!self.code.uses.local && !self.code.tiers.is_empty())
    }

    /// The variables that functions assign, with their initial values.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (&str, Data)> {
        self.code.shared.iter().map(|(name, global)| {
            let initial = match self.code.values.get(usize::from(*global)) {
                Some(Initial::Data(data)) => data.clone(),
                Some(Initial::Plain(value)) => plain_data(value).unwrap_or(Data::None),
                None => Data::None,
            };
            (name.as_str(), initial)
        })
    }
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        (self.name(), self.text()) == (other.name(), other.text())
    }
}

impl Eq for Script {}

/// Identifies the text: a script may have another path on another machine.
impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("digest", &self.digest()).finish_non_exhaustive()
    }
}

/// The value without a heap.
fn plain_data(value: &V) -> Option<Data> {
    Machine::default().freeze(value, 0).ok()
}

/// Executes the top level. Returns the values of the variables.
fn top_level(code: &Code) -> Result<Vec<Initial>, ScriptMistake> {
    let mut machine = Machine::default();
    let ended = |stop: Stop| match stop {
        Stop::Mistake(mistake) => mistake,
        Stop::Limit(spot, what) => ScriptMistake::new(
            spot.range(),
            format!("the top level was ended at the limit of {what}"),
            "here",
        ),
    };
    machine.begin(code, 0, &[]).map_err(ended)?;
    match machine.run(code).map_err(ended)? {
        Event::Done(_) => {}
        Event::Effect(_) => {
            let what = "a step of the exploration outside of a function";
            let help =
                "the top level is executed once, before the exploration: move the call into `get` or `set`";
            return Err(ScriptMistake::new(machine.spot.range(), what, "called here").with_help(help));
        }
        Event::Failed(_, message) => {
            let what = format!("the top level fails: {}", message.as_str());
            return Err(ScriptMistake::new(machine.spot.range(), what, "raised here"));
        }
    }
    machine.globals.resize(code.globals.len(), V::Missing);
    let globals = std::mem::take(&mut machine.globals);
    let initial = |(value, global): (V, &super::code::Global)| {
        let is_shared = code.shared.iter().any(|(name, _)| *name == global.name);
        if is_shared && plain_data(&value).is_none() && !matches!(value, V::Heap(_)) {
            let what = format!(
                "`{}` is assigned in a function, and begins as a {}",
                global.name,
                value.type_name(&machine.heap)
            );
            let help = "change the entries of a shared dict instead of assigning another one: `name.clear()`";
            return Err(ScriptMistake::new(global.spot.range(), what, "assigned here").with_help(help));
        }
        match value {
            V::Heap(_) => machine.freeze(&value, 0).map(Initial::Data).map_err(|stop| {
                let at = global.spot.range();
                ScriptMistake { span: at, ..ended(stop) }
            }),
            value => Ok(Initial::Plain(value)),
        }
    };
    globals.into_iter().zip(&code.globals).map(initial).collect()
}

/// The functions that the simulator calls.
fn entries(code: &Code) -> Result<Entries, Vec<ScriptMistake>> {
    let mut mistakes = Vec::new();
    let names: Vec<&str> =
        code.functions.iter().skip(1).map(|its| its.name.as_str()).filter(|its| *its != "lambda").collect();
    let mut function = |name: &str, count: usize, is_required: bool| {
        let Some(function) = code.function(name) else {
            if is_required {
                let near = nearest(name, &names).map(|near| format!("did you mean to name `{near}` so?"));
                let help = near.unwrap_or_else(|| {
                    "a script defines get(key) and set(key, value); also delete(key), if the scenario deletes".to_owned()
                });
                let what = format!("the script defines no function `{name}`");
                mistakes.push(ScriptMistake::new(0..0, what, "expected in this script").with_help(help));
            }
            return None;
        };
        let its = &code.functions[usize::from(function)];
        if its.required > count || its.parameters.len() < count {
            let what = format!("`{name}` is called with {}", counted(count as u64, "argument"));
            let label = match count {
                0 => "expected no parameter",
                1 => "expected one parameter: key",
                _ => "expected two parameters: key, value",
            };
            let help = "further parameters need a default";
            mistakes.push(ScriptMistake::new(its.spot.range(), what, label).with_help(help));
        }
        Some(function)
    };
    let (get, set) = (function("get", 1, true), function("set", 2, true));
    let delete = function("delete", 1, false);
    // A function of this name with other parameters is the script's own.
    let own = |name: &str| {
        let its = code.function(name).map(|at| (at, &code.functions[usize::from(at)]));
        its.filter(|(_, its)| its.required <= 1 && !its.parameters.is_empty()).map(|(at, _)| at)
    };
    let (load, refresh) = (own("load"), own("refresh"));
    let on_message = function("on_message", 1, false);
    let on_reconnect = function("on_reconnect", 0, false);
    match (get, set) {
        (Some(get), Some(set)) if mistakes.is_empty() => {
            Ok(Entries { get, set, delete, load, refresh, on_message, on_reconnect })
        }
        _ => Err(mistakes),
    }
}

impl ScriptMistake {
    /// The mistake as it is reported.
    fn shown(self, excerpt: &Excerpt) -> ScriptError {
        let ScriptMistake { span, what, label, help } = self;
        let span = excerpt.span(span.start, span.len());
        ScriptError {
            excerpt: excerpt.clone(),
            span,
            what,
            label,
            help: help.filter(|help| !help.is_empty()),
        }
    }
}
