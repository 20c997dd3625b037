//! A client connection at the level of frames.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use selvedge_redis::Reply;

/// A connection to a RESP server.
pub(crate) struct Wire {
    stream: UnixStream,
    received: Vec<u8>,
}

/// A reply or a push, with its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    pub(crate) reply: Reply,
}

impl Wire {
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("the server listens");
        // Far longer than any reply takes.
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a valid timeout");
        Wire { stream, received: Vec::new() }
    }

    pub(crate) fn send(&mut self, words: &[impl AsRef<[u8]>]) {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words.iter().map(AsRef::as_ref) {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        self.send_bytes(&request);
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        // A failure shows in the next read.
        _ = self.stream.write_all(bytes);
    }

    /// Reads the next frame. Fails if the connection is closed, or after 5 s.
    pub(crate) fn read(&mut self) -> io::Result<Frame> {
        loop {
            if let Some((reply, length)) = decode(&self.received) {
                let rest = self.received.split_off(length);
                return Ok(Frame { bytes: std::mem::replace(&mut self.received, rest), reply });
            }
            let mut buffer = [0; 16 * 1024];
            match self.stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.received.extend_from_slice(&buffer[..count]),
            }
        }
    }

    pub(crate) fn call(&mut self, words: &[impl AsRef<[u8]>]) -> Reply {
        self.send(words);
        self.read().expect("the server replies").reply
    }
}

/// Decodes the reply at the start of these bytes if it is complete; returns it with its length in
/// bytes.
pub(crate) fn decode(bytes: &[u8]) -> Option<(Reply, usize)> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let (kind, line) = (bytes[0], &bytes[1..end]);
    let text = std::str::from_utf8(line);
    let number = || text.expect("a number").parse::<i64>().expect("a number");
    let after = end + 2;
    let string = |length: usize| bytes.get(after..after + length + 2).map(|text| text[..length].to_vec());
    let some = |reply| Some((reply, after));
    match kind {
        b'+' => some(Reply::Status(line.to_vec().into())),
        b'-' => some(Reply::Error(line.to_vec().into())),
        b':' => some(Reply::Integer(number())),
        b'_' => some(Reply::Null),
        b'#' => some(Reply::Boolean(line == b"t")),
        b',' => some(Reply::Double(text.ok()?.parse().expect("a number"))),
        b'(' => some(Reply::BigNumber(line.to_vec().into())),
        b'$' | b'*' if line == b"-1" => some(if kind == b'$' { Reply::Null } else { Reply::NullArray }),
        b'$' => {
            let length = number() as usize;
            Some((Reply::bulk(string(length)?), after + length + 2))
        }
        b'=' => {
            let length = number() as usize;
            let text = string(length)?;
            let format = text[..3].try_into().expect("a format of three bytes");
            Some((Reply::Verbatim(format, text[4..].to_vec().into()), after + length + 2))
        }
        b'*' | b'~' | b'>' | b'%' => {
            let items = if kind == b'%' { number() * 2 } else { number() };
            let mut replies = Vec::new();
            let mut at = after;
            for _ in 0..items {
                let (reply, length) = decode(&bytes[at..])?;
                replies.push(reply);
                at += length;
            }
            let reply = match kind {
                b'*' => Reply::Array(replies),
                b'~' => Reply::Set(replies),
                b'>' => Reply::Push(replies),
                _ => Reply::Map(replies.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()),
            };
            Some((reply, at))
        }
        other => panic!("no reply starts with {:?}: {}", char::from(other), bytes.escape_ascii()),
    }
}
