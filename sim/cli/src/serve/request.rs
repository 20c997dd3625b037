//! Reads one HTTP request from a connection, within the limits. A connection has one request.

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::Instant;

use httparse::Status;

use super::answer::Refusal;
use super::limits::{BODY, HEAD, PATIENCE};

/// The most headers of a request.
const HEADERS: usize = 64;

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) host: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Reads a request.
///
/// # Errors
///
/// The answer to a request that is not valid, or exceeds a limit. `None`: the connection has
/// failed, and there is no answer.
pub(super) fn read(stream: &mut TcpStream) -> Result<Request, Option<Refusal>> {
    let deadline = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let (mut request, head, length) = loop {
        if let Some(parsed) = head(&bytes)? {
            break parsed;
        }
        if bytes.len() >= HEAD {
            return Err(Some(Refusal::new(431, "the headers are too large")));
        }
        more(stream, &mut bytes, HEAD, deadline)?;
    };
    if length > BODY {
        let why = format!("the request has {length} bytes; the limit is {BODY}");
        return Err(Some(Refusal::new(413, why)));
    }
    while bytes.len() < head + length {
        more(stream, &mut bytes, head + length, deadline)?;
    }
    request.body = bytes[head..head + length].to_vec();
    Ok(request)
}

/// Reads some bytes, so that there are at most `limit`.
fn more(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
    limit: usize,
    deadline: Instant,
) -> Result<(), Option<Refusal>> {
    let left = deadline.saturating_duration_since(Instant::now());
    let slow = || Some(Refusal::new(408, "the request did not arrive in time"));
    if left.is_zero() {
        return Err(slow());
    }
    stream.set_read_timeout(Some(left)).map_err(|_| None)?;
    let mut part = [0; 4096];
    let wanted = part.len().min(limit - bytes.len());
    match stream.read(&mut part[..wanted]) {
        Ok(0) => Err(None),
        Ok(count) => {
            bytes.extend_from_slice(&part[..count]);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Err(slow())
        }
        Err(_) => Err(None),
    }
}

/// The request without its body, the length of the head and that of the body, once the head is
/// complete.
fn head(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>, Option<Refusal>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = match parsed.parse(bytes) {
        Ok(Status::Complete(head)) => head,
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(Some(Refusal::new(400, format!("this is not HTTP: {error}")))),
    };
    // Two headers of one name could be read differently by a proxy: none may occur twice.
    let header = |name: &str| -> Result<Option<String>, Option<Refusal>> {
        let mut all = parsed.headers.iter().filter(|its| its.name.eq_ignore_ascii_case(name));
        match (all.next(), all.next()) {
            (None, _) => Ok(None),
            (Some(one), None) => Ok(Some(String::from_utf8_lossy(one.value).trim().to_owned())),
            _ => Err(Some(Refusal::new(400, format!("the header {name} occurs twice")))),
        }
    };
    if header("transfer-encoding")?.is_some() {
        return Err(Some(Refusal::new(411, "send the body with a Content-Length")));
    }
    let length = match header("content-length")? {
        None => 0,
        Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().unwrap_or(usize::MAX)
        }
        Some(_) => return Err(Some(Refusal::new(400, "the Content-Length is not a number"))),
    };
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: parsed.path.unwrap_or_default().to_owned(),
        host: header("host")?,
        origin: header("origin")?,
        content_type: header("content-type")?,
        body: Vec::new(),
    };
    Ok(Some((request, head, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_complete() {
        let text = b"POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
        for end in 0..text.len() - 3 {
            assert!(head(&text[..end]).expect("a prefix is no mistake").is_none(), "{end}");
        }
        let (request, head, length) = head(text).expect("a request").expect("it is complete");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/run"));
        assert_eq!((request.host.as_deref(), head, length), (Some("a"), text.len() - 3, 3));
    }

    #[test]
    fn a_body_needs_one_plain_length() {
        for (headers, status) in [
            ("Content-Length: 1\r\nContent-Length: 2", 400),
            ("Content-Length: +1", 400),
            ("Content-Length: ", 400),
            ("Transfer-Encoding: chunked", 411),
            ("Host: a\r\nHost: b", 400),
        ] {
            let text = format!("POST / HTTP/1.1\r\n{headers}\r\n\r\n");
            let refusal = head(text.as_bytes()).expect_err(headers).expect("an answer");
            assert_eq!(refusal.status, status, "{headers}");
        }
        let huge = "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n";
        let (_, _, length) = head(huge.as_bytes()).expect("a request").expect("it is complete");
        assert_eq!(length, usize::MAX);
    }
}
