//! Names of hosts: those of declared addresses.

use std::net::SocketAddr;

use super::{address, table};
use crate::effects;

/// The bytes of the address of a declared host. `None` if no server is declared at this name.
pub(crate) fn resolve(host: &str, port: u16) -> Option<Vec<u8>> {
    let found = table::declared().iter().find_map(|declared| declared.ip_of(host));
    if found.is_none() {
        effects::incomplete(format!(
            "the program looks up the host {host:?}, where no server is declared, and does not find it: declare a \
             simulated Redis there with `Explorer::redis(\"{host}:6379\")`"
        ));
    }
    found.map(|ip| address::encode(SocketAddr::new(ip, port)))
}
