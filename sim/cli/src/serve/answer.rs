//! Writes an answer. Each closes its connection, so a stream of results needs no length.

use std::io::{self, Write};

/// The answer to a request that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: String,
}

impl Refusal {
    pub(super) fn new(status: u16, why: impl Into<String>) -> Self {
        Refusal { status, why: why.into() }
    }

    /// Writes the answer.
    pub(super) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        begin(to, self.status, "text/plain; charset=utf-8", Some(self.why.len() + 1))?;
        writeln!(to, "{}", self.why)?;
        to.flush()
    }
}

/// Writes a whole page.
pub(super) fn page(to: &mut dyn Write, text: &str) -> io::Result<()> {
    begin(to, 200, "text/html; charset=utf-8", Some(text.len()))?;
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// Writes the status and the headers. Without a length, the end of the connection ends the answer.
pub(super) fn begin(to: &mut dyn Write, status: u16, kind: &str, length: Option<usize>) -> io::Result<()> {
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Error",
    };
    let length = length.map(|length| format!("Content-Length: {length}\r\n")).unwrap_or_default();
    // No other site may embed the page, read an answer, or learn its address.
    write!(
        to,
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\n{length}Connection: close\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\nReferrer-Policy: no-referrer\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n\r\n"
    )
}
