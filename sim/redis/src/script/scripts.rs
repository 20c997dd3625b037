//! The loaded scripts.

use std::collections::BTreeMap;

use mlua::Function;
use sha1_smol::Sha1;

use super::machine::Machine;
use super::shebang::Shebang;
use crate::error::ErrorReply;

/// A compiled script.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) function: Function,
    pub(super) forbids_writes: bool,
    /// Its flags declare that it writes.
    pub(super) declares_writes: bool,
}

/// A loaded script, ready to run.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(super) machine: Machine,
    pub(super) script: Script,
}

impl Loaded {
    /// Whether the script's flags declare that it writes.
    pub(crate) fn declares_writes(&self) -> bool {
        self.script.declares_writes
    }
}

/// The loaded scripts by hash, and the interpreter, created for the first script.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    machine: Option<Machine>,
    scripts: BTreeMap<String, Script>,
}

impl Scripts {
    /// Loads a script, and returns its hash.
    pub(crate) fn load(&mut self, text: &[u8]) -> Result<String, ErrorReply> {
        let hash = Sha1::from(text).digest().to_string();
        if !self.scripts.contains_key(&hash) {
            let Shebang { forbids_writes, has_flags, length } = Shebang::parse(text)?;
            let machine = self.machine.get_or_insert_with(Machine::new);
            let function = machine.compile(&text[length..])?;
            self.scripts.insert(
                hash.clone(),
                Script { function, forbids_writes, declares_writes: has_flags && !forbids_writes },
            );
        }
        Ok(hash)
    }

    pub(crate) fn contains(&self, hash: &str) -> bool {
        self.scripts.contains_key(hash)
    }

    /// Whether this text is already loaded.
    pub(crate) fn contains_text(&self, text: &[u8]) -> bool {
        self.contains(&Sha1::from(text).digest().to_string())
    }

    /// Removes all scripts and the interpreter.
    pub(crate) fn clear(&mut self) {
        *self = Scripts::default();
    }

    /// The script with this hash.
    pub(crate) fn get(&self, hash: &str) -> Option<Loaded> {
        Some(Loaded { machine: self.machine.clone()?, script: self.scripts.get(hash)?.clone() })
    }
}
