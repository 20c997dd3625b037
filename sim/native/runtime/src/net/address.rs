//! Addresses: those that the test declares, and their form for libc.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A declared address of a simulated Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    host: String,
    port: u16,
    /// The address that the host's name has here.
    ip: IpAddr,
}

impl Declared {
    /// Parses `host:port`. `nth` distinguishes the addresses of names.
    pub(crate) fn parse(text: &str, nth: u8) -> Result<Self, String> {
        let error = || format!("{text:?} is no address of a simulated Redis: write \"host:port\"");
        let (host, port) = text.rsplit_once(':').ok_or_else(error)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = port.parse().map_err(|_| error())?;
        let ip = match host.parse() {
            Ok(ip) => ip,
            Err(_) if host.is_empty() => return Err(error()),
            Err(_) if host == "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            // A range for documentation (RFC 5737), which is never routed.
            Err(_) => IpAddr::V4(Ipv4Addr::new(198, 51, 100, nth.wrapping_add(1))),
        };
        Ok(Declared { host, port, ip })
    }

    /// Whether connections to this address reach the server.
    pub(crate) fn is_at(&self, address: SocketAddr) -> bool {
        let is_loopback = |ip: IpAddr| ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST;
        let is_local = self.host == "localhost" && is_loopback(address.ip());
        self.port == address.port() && (self.ip == address.ip() || is_local)
    }

    /// The address of the host, if this is its name.
    pub(crate) fn ip_of(&self, host: &str) -> Option<IpAddr> {
        (self.host.eq_ignore_ascii_case(host) || self.ip.to_string() == host).then_some(self.ip)
    }
}

/// The bytes of libc's `sockaddr_in` or `sockaddr_in6`.
pub(crate) fn encode(address: SocketAddr) -> Vec<u8> {
    match address {
        SocketAddr::V4(address) => {
            let mut bytes = (libc::AF_INET as u16).to_ne_bytes().to_vec();
            bytes.extend(address.port().to_be_bytes());
            bytes.extend(address.ip().octets());
            bytes.extend([0; 8]);
            bytes
        }
        SocketAddr::V6(address) => {
            let mut bytes = (libc::AF_INET6 as u16).to_ne_bytes().to_vec();
            bytes.extend(address.port().to_be_bytes());
            bytes.extend([0; 4]);
            bytes.extend(address.ip().octets());
            bytes.extend([0; 4]);
            bytes
        }
    }
}

/// The address in the bytes of a `sockaddr`. `None` for other families.
pub(crate) fn decode(bytes: &[u8]) -> Option<SocketAddr> {
    let family = u16::from_ne_bytes(bytes.first_chunk().copied()?);
    let port = u16::from_be_bytes(bytes.get(2..)?.first_chunk().copied()?);
    let ip = match family.into() {
        libc::AF_INET => IpAddr::V4(Ipv4Addr::from(*bytes.get(4..)?.first_chunk::<4>()?)),
        libc::AF_INET6 => IpAddr::V6(Ipv6Addr::from(*bytes.get(8..)?.first_chunk::<16>()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}
