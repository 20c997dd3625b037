//! The options of `selvedge serve`.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;

use super::duration;

/// Where the page listens, and the limit of a run.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Port of 127.0.0.1; 0 chooses a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, conflicts_with = "listen")]
    port: u16,

    /// Address and port instead of 127.0.0.1; must be of this machine only, such as [::1]:7878
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,

    /// Time limit of a run: 500ms, 30s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) budget: Duration,
}

impl ServeOptions {
    /// The address to listen on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))
    }
}

/// The limit of one run.
#[derive(Debug, Args)]
pub(crate) struct WorkOptions {
    /// Time limit of the run
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) budget: Duration,
}
