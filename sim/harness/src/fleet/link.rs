//! The connection of a member to the server.

/// A script to execute.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its Lua source.
    pub script: &'static str,
    /// Its `KEYS`.
    pub keys: Vec<String>,
    /// Its `ARGV`.
    pub arguments: Vec<Vec<u8>>,
}

/// The reply of a script: an array of strings.
pub type Reply = Vec<Vec<u8>>;

/// A connection to the server.
pub trait Link {
    /// Executes scripts in this order, and returns the reply of each. An error can also mean that
    /// the scripts were executed and the replies were lost.
    ///
    /// # Errors
    ///
    /// In words: if the server cannot be reached, refuses a script, or may have lost data since the
    /// last call.
    fn call(&mut self, calls: &[Call]) -> Result<Vec<Reply>, String>;
}

impl<L: Link + ?Sized> Link for Box<L> {
    fn call(&mut self, calls: &[Call]) -> Result<Vec<Reply>, String> {
        (**self).call(calls)
    }
}
