//! A real server beside the simulated Redis. Each command goes to both, and the cache receives the
//! server's reply.
//!
//! The engine sees only the simulated store, which determines the commands that conflict. The
//! server executes a command in the same step, while no other thread runs, so that it follows the
//! same schedule.

use std::error::Error;
use std::fmt;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::history::{Key, Value};
use crate::trace::{Answer, Command, FailureCause, ServerFailure, Transcript};

/// A Redis that is not simulated. It may rename keys and values.
pub trait Server: Send {
    /// Returns the key's content.
    ///
    /// # Errors
    ///
    /// If the server does not reply, or replies with a content that [`set`](Server::set) has not
    /// stored.
    fn get(&mut self, key: Key) -> Result<Option<Value>, Box<dyn Error + Send + Sync>>;

    /// Sets the key's value.
    ///
    /// # Errors
    ///
    /// If the server does not acknowledge it.
    fn set(&mut self, key: Key, value: Value) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Deletes the key.
    ///
    /// # Errors
    ///
    /// If the server does not acknowledge it.
    fn delete(&mut self, key: Key) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// The server of a run. Until the run has ended, steps are numbered as the engine does.
pub(crate) struct Beside {
    state: Mutex<(Box<dyn Server>, Transcript)>,
}

impl Beside {
    pub(crate) fn new(server: Box<dyn Server>) -> Self {
        Beside { state: Mutex::new((server, Transcript::default())) }
    }

    fn state(&self) -> MutexGuard<'_, (Box<dyn Server>, Transcript)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the key's content before the run.
    pub(crate) fn starts_with(&self, key: Key, content: Option<Value>) {
        let (server, transcript) = &mut *self.state();
        if let Some(value) = content
            && transcript.failure.is_none()
            && let Err(error) = server.set(key, value)
        {
            let command = Command::Set(key, value);
            transcript.failure =
                Some(ServerFailure { step: None, command, why: FailureCause::Failed(error) });
        }
    }

    /// Returns the server's content. The simulated store has `expected`.
    pub(crate) fn get(&self, key: Key, expected: Option<Value>) -> Option<Value> {
        let (server, transcript) = &mut *self.state();
        if transcript.failure.is_some() {
            return expected;
        }
        let (step, command) = (selvedge_engine::step() as u32, Command::Get(key));
        let why = match server.get(key) {
            Ok(held) if held == expected => {
                transcript.answers.push(Answer { step, command, content: Some(held) });
                return held;
            }
            Ok(held) => FailureCause::Other { held, expected },
            Err(error) => FailureCause::Failed(error),
        };
        transcript.failure = Some(ServerFailure { step: Some(step), command, why });
        expected
    }

    /// Writes the key's new content in the simulated store to the server.
    pub(crate) fn write(&self, key: Key, content: Option<Value>) {
        let (server, transcript) = &mut *self.state();
        if transcript.failure.is_some() {
            return;
        }
        let step = selvedge_engine::step() as u32;
        let (command, answer) = match content {
            Some(value) => (Command::Set(key, value), server.set(key, value)),
            None => (Command::Delete(key), server.delete(key)),
        };
        match answer {
            Ok(()) => transcript.answers.push(Answer { step, command, content: None }),
            Err(error) => {
                transcript.failure =
                    Some(ServerFailure { step: Some(step), command, why: FailureCause::Failed(error) });
            }
        }
    }

    /// Returns the transcript of a completed run, with the final contents of `keys`. The first
    /// `before` steps are not part of the trace.
    pub(crate) fn transcript(&self, before: u32, keys: &[Key]) -> Transcript {
        let (server, transcript) = &mut *self.state();
        let mut transcript = mem::take(transcript);
        transcript.answers.iter_mut().for_each(|answer| answer.step -= before);
        if let Some(step) = transcript.failure.as_mut().and_then(|failure| failure.step.as_mut()) {
            *step -= before;
        }
        for &key in keys.iter().filter(|_| transcript.failure.is_none()) {
            match server.get(key) {
                Ok(held) => transcript.left.push((key, held)),
                Err(error) => {
                    let why = FailureCause::Failed(error);
                    transcript.failure = Some(ServerFailure { step: None, command: Command::Get(key), why });
                    break;
                }
            }
        }
        transcript
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").finish_non_exhaustive()
    }
}
