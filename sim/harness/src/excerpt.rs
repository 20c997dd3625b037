//! The part of a file that an error message shows.

use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, NamedSource, SourceCode, SourceSpan, SpanContents};

/// A line that is longer than this, in bytes, is shown in part.
const LONG: usize = 200;
/// How much of a long line is shown before and after the place, in bytes.
const AROUND: usize = 60;

/// A file's name and text. Of lines that are long, an error shows what is near its place: a file of
/// one line is not printed whole, and a column beyond 65,535, which cannot be indented to, is not
/// needed.
#[derive(Clone, Debug)]
pub struct Excerpt {
    source: NamedSource<Arc<String>>,
}

impl Excerpt {
    /// Of the file of this name.
    pub(crate) fn new(name: &str, text: Arc<String>) -> Self {
        Excerpt { source: NamedSource::new(name, text) }
    }

    /// The file's name.
    pub(crate) fn name(&self) -> &str {
        self.source.name()
    }

    /// The file's text.
    pub(crate) fn text(&self) -> &str {
        self.source.inner()
    }

    /// The part of a span that can be underlined: within the text, and not further than a long line
    /// is shown.
    pub(crate) fn span(&self, offset: usize, length: usize) -> SourceSpan {
        let text = self.text();
        let start = text.floor_char_boundary(offset.min(text.len()));
        let end = text.floor_char_boundary(start.saturating_add(length).min(text.len()));
        let is_short = text[start..end].lines().all(|line| line.len() <= LONG);
        let first = text[start..end].lines().next().unwrap_or_default();
        let end = if is_short { end } else { text.floor_char_boundary(start + first.len().min(AROUND)) };
        (start, end - start).into()
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.source.read_span(span, before, after)?;
        let is_long = |line: &[u8]| line.len() > LONG;
        if !contents.data().split(|&byte| byte == b'\n').any(is_long) {
            return Ok(contents);
        }
        let (text, at) = (self.text(), span.offset());
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let from = text.floor_char_boundary(at.saturating_sub(AROUND)).max(start);
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let to =
            text.ceil_char_boundary((at + span.len() + AROUND).min(text.len())).min(end.max(at + span.len()));
        let line = text[..start].bytes().filter(|&byte| byte == b'\n').count();
        Ok(Box::new(MietteSpanContents::new_named(
            self.name().to_owned(),
            &text.as_bytes()[from..to],
            (from, to - from).into(),
            line,
            from - start,
            1,
        )))
    }
}
