//! A job on a server: its keys and its scripts.

use std::collections::BTreeMap;

use super::link::{Call, Link, Reply};
use super::outcome::Outcome;
use super::scripts;
use super::worker::{Acknowledgement, Item, Notes};

/// The time until another member takes a state that a member has taken and not acknowledged, in
/// milliseconds. Results do not depend on it.
pub const LEASE: u64 = 5_000;

/// The identity of the members of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name of the job, within its server.
    pub name: String,
    /// The digest of the executable.
    pub build: String,
    /// The digest of the case and of the options.
    pub case: String,
    /// The identity of the server's process and data.
    pub server: String,
}

/// A job that a member has joined. Clones are the same job.
#[derive(Clone, Debug)]
pub struct Job {
    keys: Vec<String>,
    generation: String,
}

/// States that a member has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The states.
    pub items: Vec<Item>,
    /// The number of claimed states of the job, including the start.
    pub claimed: u64,
    /// The number of them that are acknowledged.
    pub acknowledged: u64,
}

/// The reply of a script whose job has ended, or is lost.
fn ended(reply: &Reply) -> bool {
    reply.first().is_none_or(|state| state != b"open")
}

fn number(text: &[u8]) -> u64 {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

impl Job {
    /// The keys of the job of this name.
    fn keys(name: &str) -> Vec<String> {
        let parts = ["job", "seen", "open", "queue", "taken", "tasks"];
        parts.map(|part| format!("selvedge:fleet:{{{name}}}:{part}")).into()
    }

    /// The key with the result of the job of this name.
    pub fn key(name: &str) -> String {
        Job::keys(name).swap_remove(0)
    }

    /// Joins the job, or creates it with this generation and this TTL of its keys in seconds (0:
    /// none). Returns the job and the server that it was created on; or the part that differs:
    /// `build` or `case`.
    ///
    /// # Errors
    ///
    /// If the link fails.
    pub fn join(
        link: &mut dyn Link,
        identity: &Identity,
        generation: &str,
        ttl: u64,
    ) -> Result<Result<(Job, String), String>, String> {
        let Identity { name, build, case, server } = identity;
        let ttl = ttl.to_string();
        let keys = Job::keys(name);
        let arguments = [generation, build, case, server, &ttl].map(|text| text.as_bytes().to_vec()).into();
        let reply = one(link, Call { script: scripts::JOIN, keys: keys.clone(), arguments })?;
        let text = |nth: usize| String::from_utf8_lossy(reply.get(nth).map_or(b"", |text| text)).into_owned();
        Ok(match text(0).as_str() {
            "other" => Err(text(1)),
            _ => Ok((Job { keys, generation: text(1) }, text(2))),
        })
    }

    fn call(&self, script: &'static str, arguments: impl IntoIterator<Item = Vec<u8>>) -> Call {
        let generation = [self.generation.clone().into_bytes()];
        Call { script, keys: self.keys.clone(), arguments: generation.into_iter().chain(arguments).collect() }
    }

    /// Claims states, each with a path. False if the job has ended.
    ///
    /// # Errors
    ///
    /// If the link fails.
    pub fn claim(&self, link: &mut dyn Link, states: &[Item]) -> Result<bool, String> {
        let arguments = states.iter().flat_map(|item| [item.id.clone(), item.path.clone().into_bytes()]);
        Ok(!ended(&one(link, self.call(scripts::CLAIM, arguments))?))
    }

    /// Acknowledges states, and then takes up to `most` others. `None` if the job has ended.
    ///
    /// # Errors
    ///
    /// If the link fails.
    pub fn acknowledge_and_take(
        &self,
        link: &mut dyn Link,
        states: &[Acknowledgement],
        notes: &Notes,
        (most, lease): (usize, u64),
    ) -> Result<Option<Taken>, String> {
        let mut calls = Vec::new();
        if !states.is_empty() {
            let of_all = [
                if notes.has_met { b"1".to_vec() } else { Vec::new() },
                notes.failure.clone().unwrap_or_default().into_bytes(),
                notes.bounds.join("\n").into_bytes(),
            ];
            let each = states.iter().flat_map(Acknowledgement::arguments);
            calls.push(self.call(scripts::ACKNOWLEDGE, of_all.into_iter().chain(each)));
        }
        if most > 0 {
            let bounds = [most as u64, lease].map(|number| number.to_string().into_bytes());
            calls.push(self.call(scripts::TAKE, bounds));
        }
        let replies = if calls.is_empty() { Vec::new() } else { link.call(&calls)? };
        if replies.iter().any(ended) {
            return Ok(None);
        }
        if most == 0 {
            return Ok(Some(Taken::default()));
        }
        let reply = replies.last().ok_or("the server did not reply")?;
        let [_, claimed, acknowledged, items @ ..] = reply.as_slice() else {
            return Err("the server replied with less than a script returns".to_owned());
        };
        let item = |pair: &[Vec<u8>]| Item {
            id: pair[0].clone(),
            path: String::from_utf8_lossy(pair.get(1).map_or(b"", |path| path)).into_owned(),
        };
        let items = items.chunks(2).map(item).collect();
        Ok(Some(Taken { items, claimed: number(claimed), acknowledged: number(acknowledged) }))
    }

    /// Ends the job if all its states are acknowledged.
    ///
    /// # Errors
    ///
    /// If the link fails.
    pub fn finish(&self, link: &mut dyn Link) -> Result<(), String> {
        one(link, self.call(scripts::FINISH, [])).map(drop)
    }

    /// Ends the job in this state, for this reason, if it is open.
    ///
    /// # Errors
    ///
    /// If the link fails.
    pub fn end(&self, link: &mut dyn Link, state: &str, why: &str) -> Result<(), String> {
        let arguments = [state, why].map(|text| text.as_bytes().to_vec());
        one(link, self.call(scripts::END, arguments)).map(drop)
    }

    /// Returns the number of the task with this name, the same for all members. `None` if the job
    /// has ended.
    ///
    /// # Errors
    ///
    /// If the link fails.
    pub fn number(&self, link: &mut dyn Link, name: &str) -> Result<Option<u32>, String> {
        let reply = one(link, self.call(scripts::NUMBER, [name.as_bytes().to_vec()]))?;
        Ok(reply.get(1).map(|text| number(text) as u32).filter(|_| !ended(&reply)))
    }

    /// Returns the counts and the state of the job. `None` if the server has lost it.
    ///
    /// # Errors
    ///
    /// If the link fails.
    pub fn outcome(&self, link: &mut dyn Link) -> Result<Option<Outcome>, String> {
        let reply = one(link, self.call(scripts::OUTCOME, []))?;
        if reply.len() < 2 {
            return Ok(None);
        }
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        let fields: BTreeMap<_, _> =
            reply.chunks_exact(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
        Ok(Some(Outcome::of(&fields)))
    }
}

fn one(link: &mut dyn Link, call: Call) -> Result<Reply, String> {
    link.call(&[call])?.pop().ok_or_else(|| "the server did not reply".to_owned())
}
