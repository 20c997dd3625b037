//! A real server beside the simulated Redis: each command goes to both, and the server's answer is the one that counts.
//!
//! The simulated store stays what the engine sees: it says which commands conflict. The server is asked in the same step,
//! while no other thread runs, so that the schedule is the server's too.

use std::error::Error;
use std::fmt;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::history::{Key, Value};

/// A Redis that is not simulated. What keys and values are called there is its own affair.
pub trait Server: Send {
    /// What it holds of the key.
    ///
    /// # Errors
    ///
    /// If it does not answer, or with something that [`set`](Server::set) has not put there.
    fn get(&mut self, key: Key) -> Result<Option<Value>, Box<dyn Error + Send + Sync>>;

    /// Gives the key a value.
    ///
    /// # Errors
    ///
    /// If it does not acknowledge it.
    fn set(&mut self, key: Key, value: Value) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Deletes the key.
    ///
    /// # Errors
    ///
    /// If it does not acknowledge it.
    fn delete(&mut self, key: Key) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// A command of the scenario's, as a server gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read the key.
    Get(Key),
    /// Write the key.
    Set(Key, Value),
    /// Delete the key.
    Delete(Key),
}

/// In the words of Redis.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Get(key) => write!(f, "GET {key}"),
            Command::Set(key, value) => write!(f, "SET {key} {value}"),
            Command::Delete(key) => write!(f, "DEL {key}"),
        }
    }
}

/// A command that the server has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The step of the trace, from 1.
    pub step: u32,
    /// The command.
    pub command: Command,
    /// What the server held, if that was asked; `Some(None)` is "nothing".
    pub content: Option<Option<Value>>,
}

/// Why a server is no longer asked.
#[derive(Debug)]
pub struct Trouble {
    /// The step of the trace, from 1; `None` before the first, and after the last.
    pub step: Option<u32>,
    /// What was asked.
    pub command: Command,
    /// What went wrong.
    pub why: Fault,
}

/// What went wrong with a server.
#[derive(Debug)]
pub enum Fault {
    /// It did not answer, or not with anything of ours.
    Failed(Box<dyn Error + Send + Sync>),
    /// It held something else than its commands so far have left: somebody else writes there, or it forgets.
    Other {
        /// What it held.
        held: Option<Value>,
        /// What it should hold.
        expected: Option<Value>,
    },
}

/// What a server came to in a run.
#[derive(Debug, Default)]
pub struct Told {
    /// The commands of the run, in its order.
    pub answers: Vec<Answer>,
    /// What it held of each key after the run.
    pub left: Vec<(Key, Option<Value>)>,
    /// What went wrong first. Nothing was asked after it.
    pub trouble: Option<Trouble>,
}

/// The server of a run. Steps are the engine's until the run is over.
pub(crate) struct Beside {
    state: Mutex<(Box<dyn Server>, Told)>,
}

impl Beside {
    pub(crate) fn new(server: Box<dyn Server>) -> Self {
        Beside { state: Mutex::new((server, Told::default())) }
    }

    fn state(&self) -> MutexGuard<'_, (Box<dyn Server>, Told)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server holds this at the start.
    pub(crate) fn starts_with(&self, key: Key, content: Option<Value>) {
        let (server, told) = &mut *self.state();
        if let Some(value) = content
            && told.trouble.is_none()
            && let Err(error) = server.set(key, value)
        {
            let command = Command::Set(key, value);
            told.trouble = Some(Trouble { step: None, command, why: Fault::Failed(error) });
        }
    }

    /// What the server holds, where the simulated store has `expected`.
    pub(crate) fn get(&self, key: Key, expected: Option<Value>) -> Option<Value> {
        let (server, told) = &mut *self.state();
        if told.trouble.is_some() {
            return expected;
        }
        let (step, command) = (selvedge_engine::step() as u32, Command::Get(key));
        let why = match server.get(key) {
            Ok(held) if held == expected => {
                told.answers.push(Answer { step, command, content: Some(held) });
                return held;
            }
            Ok(held) => Fault::Other { held, expected },
            Err(error) => Fault::Failed(error),
        };
        told.trouble = Some(Trouble { step: Some(step), command, why });
        expected
    }

    /// The simulated store has this from now on.
    pub(crate) fn write(&self, key: Key, content: Option<Value>) {
        let (server, told) = &mut *self.state();
        if told.trouble.is_some() {
            return;
        }
        let step = selvedge_engine::step() as u32;
        let (command, answer) = match content {
            Some(value) => (Command::Set(key, value), server.set(key, value)),
            None => (Command::Delete(key), server.delete(key)),
        };
        match answer {
            Ok(()) => told.answers.push(Answer { step, command, content: None }),
            Err(error) => {
                told.trouble = Some(Trouble { step: Some(step), command, why: Fault::Failed(error) });
            }
        }
    }

    /// What it came to, the run being over: its first `before` steps are none of the trace's. Asks for what is left of
    /// these keys.
    pub(crate) fn told(&self, before: u32, keys: &[Key]) -> Told {
        let (server, told) = &mut *self.state();
        let mut told = mem::take(told);
        told.answers.iter_mut().for_each(|answer| answer.step -= before);
        if let Some(step) = told.trouble.as_mut().and_then(|trouble| trouble.step.as_mut()) {
            *step -= before;
        }
        for &key in keys.iter().filter(|_| told.trouble.is_none()) {
            match server.get(key) {
                Ok(held) => told.left.push((key, held)),
                Err(error) => {
                    let why = Fault::Failed(error);
                    told.trouble = Some(Trouble { step: None, command: Command::Get(key), why });
                    break;
                }
            }
        }
        told
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").finish_non_exhaustive()
    }
}
