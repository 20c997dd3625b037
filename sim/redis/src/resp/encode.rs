//! Encoding of replies.

use super::number::{double, integer};
use super::{Protocol, Reply};

impl Reply {
    /// Appends the reply in the encoding of the protocol.
    pub fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        let is_new = protocol == Protocol::Resp3;
        match self {
            Reply::Status(text) => line(b'+', text, out),
            Reply::Error(text) => line(b'-', without_breaks(text), out),
            Reply::Integer(number) => head(b':', *number, out),
            Reply::Bulk(bytes) => bulk(bytes, out),
            Reply::Verbatim(_, text) | Reply::BigNumber(text) if !is_new => bulk(text, out),
            Reply::BigNumber(digits) => line(b'(', digits, out),
            Reply::Verbatim(format, text) => {
                head(b'=', text.len() as i64 + 4, out);
                out.extend_from_slice(format);
                out.push(b':');
                out.extend_from_slice(text);
                out.extend_from_slice(b"\r\n");
            }
            Reply::Null | Reply::NullArray if is_new => out.extend_from_slice(b"_\r\n"),
            Reply::Null => out.extend_from_slice(b"$-1\r\n"),
            Reply::NullArray => out.extend_from_slice(b"*-1\r\n"),
            Reply::Array(items) => list(b'*', items, protocol, out),
            Reply::Set(items) => list(if is_new { b'~' } else { b'*' }, items, protocol, out),
            Reply::Push(items) => list(if is_new { b'>' } else { b'*' }, items, protocol, out),
            Reply::Map(pairs) => {
                let pairs_or_items = if is_new { pairs.len() } else { pairs.len() * 2 };
                head(if is_new { b'%' } else { b'*' }, pairs_or_items as i64, out);
                for (key, value) in pairs {
                    key.encode(protocol, out);
                    value.encode(protocol, out);
                }
            }
            Reply::Double(number) if is_new => line(b',', double(*number).as_bytes(), out),
            Reply::Double(number) => bulk(double(*number).as_bytes(), out),
            Reply::Boolean(yes) if is_new => out.extend_from_slice(if *yes { b"#t\r\n" } else { b"#f\r\n" }),
            Reply::Boolean(yes) => head(b':', i64::from(*yes), out),
            Reply::Deep(deep) => out.extend_from_slice(deep.bytes(protocol)),
            Reply::Several(replies) => replies.iter().for_each(|reply| reply.encode(protocol, out)),
        }
    }
}

fn head(kind: u8, number: i64, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(integer(number).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Replaces line breaks by spaces: an error can contain text from the client, which must not end
/// the line.
fn line(kind: u8, text: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend(text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    out.extend_from_slice(b"\r\n");
}

/// Removes leading and trailing line breaks of an error.
fn without_breaks(mut text: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] | [rest @ .., b'\r' | b'\n'] = text {
        text = rest;
    }
    text
}

fn bulk(bytes: &[u8], out: &mut Vec<u8>) {
    head(b'$', bytes.len() as i64, out);
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

fn list(kind: u8, items: &[Reply], protocol: Protocol, out: &mut Vec<u8>) {
    head(kind, items.len() as i64, out);
    for item in items {
        item.encode(protocol, out);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn both(reply: &Reply) -> (String, String) {
        let [mut old, mut new] = [Vec::new(), Vec::new()];
        reply.encode(Protocol::Resp2, &mut old);
        reply.encode(Protocol::Resp3, &mut new);
        (String::from_utf8(old).unwrap(), String::from_utf8(new).unwrap())
    }

    #[test]
    fn each_reply_has_an_encoding_in_both_protocols() {
        let text = Bytes::from_static(b"a:1");
        let cases = [
            (Reply::Null, "$-1\r\n", "_\r\n"),
            (Reply::NullArray, "*-1\r\n", "_\r\n"),
            (Reply::Double(0.1), "$19\r\n0.10000000000000001\r\n", ",0.10000000000000001\r\n"),
            (Reply::Boolean(true), ":1\r\n", "#t\r\n"),
            (Reply::BigNumber(Bytes::from_static(b"12")), "$2\r\n12\r\n", "(12\r\n"),
            (Reply::Verbatim(*b"txt", text), "$3\r\na:1\r\n", "=7\r\ntxt:a:1\r\n"),
            (Reply::Set(vec![Reply::Integer(1)]), "*1\r\n:1\r\n", "~1\r\n:1\r\n"),
            (Reply::Push(vec![Reply::Integer(1)]), "*1\r\n:1\r\n", ">1\r\n:1\r\n"),
            (Reply::Map(vec![(Reply::Integer(1), Reply::Null)]), "*2\r\n:1\r\n$-1\r\n", "%1\r\n:1\r\n_\r\n"),
        ];
        for (reply, old, new) in cases {
            assert_eq!(both(&reply), (old.to_owned(), new.to_owned()));
        }
    }

    #[test]
    fn an_error_stays_on_its_line() {
        let reply = Reply::Error(Bytes::from_static(b"ERR a\r\n+OK\n"));
        assert_eq!(both(&reply).0, "-ERR a  +OK\r\n");
    }
}
