//! Refuses requests that another site makes through the user's browser.
//!
//! A site can resolve its own name to 127.0.0.1 (DNS rebinding): the browser then sends that name
//! as `Host`. A site can also post to this address directly: the browser then sends the site as
//! `Origin`, on every `POST`.

use std::net::SocketAddr;

use super::answer::Refusal;
use super::request::Request;

/// The names of this server.
#[derive(Clone, Debug)]
pub(super) struct Guard(Vec<String>);

impl Guard {
    /// The guard of a server at this address.
    pub(super) fn new(address: SocketAddr) -> Self {
        Guard(vec![address.to_string(), format!("localhost:{}", address.port())])
    }

    /// Checks a request.
    ///
    /// # Errors
    ///
    /// The answer, if the request is not for this server, or not from its page.
    pub(super) fn check(&self, request: &Request) -> Result<(), Refusal> {
        let is_own = |name: &str| self.0.iter().any(|own| own.eq_ignore_ascii_case(name));
        if !request.host.as_deref().is_some_and(is_own) {
            return Err(Refusal::new(421, format!("the Host is not {}", self.0[0])));
        }
        let is_read = matches!(&*request.method, "GET" | "HEAD");
        let from = request.origin.as_deref();
        let is_own_origin = from.and_then(|from| from.strip_prefix("http://")).is_some_and(is_own);
        if !is_own_origin && (from.is_some() || !is_read) {
            return Err(Refusal::new(403, format!("the Origin is not http://{}", self.0[0])));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, host: Option<&str>, origin: Option<&str>) -> Option<u16> {
        let request = Request {
            method: method.to_owned(),
            path: "/".to_owned(),
            host: host.map(str::to_owned),
            origin: origin.map(str::to_owned),
            content_type: None,
            body: Vec::new(),
        };
        let guard = Guard::new("127.0.0.1:7878".parse().expect("an address"));
        guard.check(&request).err().map(|refusal| refusal.status)
    }

    #[test]
    fn only_the_own_page_is_answered() {
        let own = Some("127.0.0.1:7878");
        assert_eq!(status("GET", own, None), None);
        assert_eq!(status("GET", Some("LOCALHOST:7878"), None), None);
        assert_eq!(status("POST", own, Some("http://127.0.0.1:7878")), None);
        assert_eq!(status("POST", own, Some("http://localhost:7878")), None);
        for host in [None, Some(""), Some("evil.example:7878"), Some("127.0.0.1"), Some("127.0.0.1:80")] {
            assert_eq!(status("GET", host, None), Some(421), "{host:?}");
        }
        for origin in [
            None,
            Some("null"),
            Some("https://127.0.0.1:7878"),
            Some("http://evil.example"),
            Some("http://127.0.0.1:7879"),
        ] {
            assert_eq!(status("POST", own, origin), Some(403), "{origin:?}");
        }
        assert_eq!(status("GET", own, Some("http://evil.example")), Some(403));
    }
}
