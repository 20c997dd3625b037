//! Scripts of a build without the feature `lua`: each is rejected.

use bytes::Bytes;

use super::host::Host;
use crate::error::{Answer, ErrorReply};
use crate::resp::NO_LUA;

/// The loaded scripts: none.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    _none: (),
}

/// A loaded script. No value exists.
#[derive(Debug)]
pub(crate) enum Loaded {}

impl Scripts {
    /// Rejects the script.
    pub(crate) fn load(&mut self, _text: &[u8]) -> Result<String, ErrorReply> {
        Err(ErrorReply::fixed(NO_LUA))
    }

    pub(crate) fn contains(&self, _hash: &str) -> bool {
        false
    }

    pub(crate) fn contains_text(&self, _text: &[u8]) -> bool {
        false
    }

    pub(crate) fn clear(&mut self) {}

    pub(crate) fn get(&self, _hash: &str) -> Option<Loaded> {
        None
    }
}

impl Loaded {
    pub(crate) fn declares_writes(&self) -> bool {
        match *self {}
    }

    pub(crate) fn run(&self, _host: &mut dyn Host, _words: [&[Bytes]; 2], _hash: &str) -> Answer {
        match *self {}
    }
}
