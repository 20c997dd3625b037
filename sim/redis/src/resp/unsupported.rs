//! The errors for what the server does not have.

use super::Reply;

/// The beginning of the error for a command that the server does not have.
pub(crate) const UNKNOWN_COMMAND: &str = "ERR unknown command ";
/// The error for a script in a build without Lua.
pub(crate) const NO_LUA: &str = "ERR scripts need Lua: build selvedge-redis with its feature `lua`";
/// The error for `DUMP` of a stream.
pub(crate) const NO_STREAM_DUMP: &str = "ERR the simulated Redis does not serialize streams";

impl Reply {
    /// Whether the server does not have the command: its name is unknown, it is a script and the
    /// build has no Lua, or it is `DUMP` of a stream. A Redis server may have it, so that an
    /// exploration cannot say what the program does.
    ///
    /// ```
    /// use selvedge_redis::{Command, Server, Time};
    ///
    /// let mut server = Server::new();
    /// let connection = server.connect();
    /// let mut reply = |name: &str| {
    ///     let output = server.execute(connection, &Command::new([name]), Time::START);
    ///     output.deliveries[0].reply.clone()
    /// };
    /// assert!(reply("MODULE.COMMAND").is_unsupported());
    /// assert!(!reply("GET").is_unsupported()); // Redis rejects it, too
    /// ```
    pub fn is_unsupported(&self) -> bool {
        let texts = [UNKNOWN_COMMAND, NO_LUA, NO_STREAM_DUMP];
        matches!(self, Reply::Error(error) if texts.iter().any(|text| error.starts_with(text.as_bytes())))
    }
}
