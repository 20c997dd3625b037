//! Patterns of string keys.

use std::fmt;

/// A pattern of keys, and the patterns of the keys derived from them: `user:{id}` and
/// `user_profile:{id}`.
///
/// A name in braces matches at least one character; the derived patterns reuse the names. If a key
/// matches in several ways, each name matches as few characters as possible, from left to right.
///
/// ```
/// use selvedge::Template;
/// # use selvedge::{Remote, TieredCache};
///
/// # fn example<R: Remote<String, u32>>(redis: R) {
/// let user = Template::new("user:{id}", ["user_profile:{id}", "team_of_user:{id}"]).unwrap();
/// assert_eq!(user.derived("user:7"), ["user_profile:7", "team_of_user:7"]);
/// assert!(user.derived("order:7").is_empty());
///
/// let cache = TieredCache::builder(redis)
///     .single_process()
///     .derive(move |key: &String| user.derived(key))
///     .build();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Template {
    pattern: Vec<Part>,
    derived: Vec<Vec<Part>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// Error of an invalid pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    pattern: String,
    reason: String,
}

impl Template {
    /// Creates a template for keys of `pattern`, with the patterns of their derived keys.
    ///
    /// # Errors
    ///
    /// If a brace has no partner, a name is empty or occurs twice in `pattern`, two names are
    /// adjacent, or a derived pattern uses a name that `pattern` does not have.
    pub fn new<'a>(pattern: &str, derived: impl IntoIterator<Item = &'a str>) -> Result<Self, TemplateError> {
        let wrong = |pattern: &str, reason: String| TemplateError { pattern: pattern.to_owned(), reason };
        let parts = parse(pattern)?;
        let mut known: Vec<&str> = Vec::new();
        for pair in parts.windows(2) {
            if let [Part::Name(one), Part::Name(other)] = pair {
                let reason = format!("`{{{one}}}` and `{{{other}}}` are adjacent: put text between them");
                return Err(wrong(pattern, reason));
            }
        }
        for name in names(&parts) {
            if known.contains(&name) {
                return Err(wrong(pattern, format!("the name `{{{name}}}` occurs twice")));
            }
            known.push(name);
        }
        let mut all = Vec::new();
        for its in derived {
            let made = parse(its)?;
            if let Some(name) = names(&made).find(|name| !known.contains(name)) {
                return Err(wrong(its, format!("`{{{name}}}` is not a name of the pattern `{pattern}`")));
            }
            all.push(made);
        }
        Ok(Template { pattern: parts, derived: all })
    }

    /// The keys that are derived from this key: none, if it does not match the pattern.
    pub fn derived(&self, key: &str) -> Vec<String> {
        let mut values = Vec::new();
        if !read(&self.pattern, key, &mut values) {
            return Vec::new();
        }
        let value = |name: &str| values.iter().find(|(its, _)| *its == name).map_or("", |(_, value)| value);
        let make = |parts: &Vec<Part>| {
            let texts = parts.iter().map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Name(name) => value(name),
            });
            texts.collect()
        };
        self.derived.iter().map(make).collect()
    }
}

fn names(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        Part::Name(name) => Some(name.as_str()),
        Part::Text(_) => None,
    })
}

fn parse(pattern: &str) -> Result<Vec<Part>, TemplateError> {
    let wrong = |reason: &str| Err(TemplateError { pattern: pattern.to_owned(), reason: reason.to_owned() });
    let mut parts = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let (text, after) = rest.split_once('{').unwrap_or((rest, ""));
        if text.contains('}') {
            return wrong("a `}` has no `{` before it");
        }
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
        if text.len() == rest.len() {
            break;
        }
        let Some((name, after)) = after.split_once('}') else { return wrong("a `{` has no `}` after it") };
        if name.is_empty() || name.contains('{') {
            return wrong("braces hold a name, such as `{id}`");
        }
        parts.push(Part::Name(name.to_owned()));
        rest = after;
    }
    Ok(parts)
}

/// Matches `text` against the pattern, and adds each name's match to `values`. After a mismatch,
/// `values` may have extra items.
fn read<'p, 't>(parts: &'p [Part], text: &'t str, values: &mut Vec<(&'p str, &'t str)>) -> bool {
    match parts {
        [] => text.is_empty(),
        [Part::Text(its), rest @ ..] => {
            text.strip_prefix(its.as_str()).is_some_and(|text| read(rest, text, values))
        }
        [Part::Name(name), rest @ ..] => {
            let known = values.len();
            let ends = text.char_indices().map(|(at, its)| at + its.len_utf8());
            for end in ends {
                values.truncate(known);
                values.push((name, &text[..end]));
                if read(rest, &text[end..], values) {
                    return true;
                }
            }
            false
        }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid pattern `{}`: {}", self.pattern, self.reason)
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_and_are_reused() {
        let order =
            Template::new("{tenant}:order:{id}", ["{tenant}:orders", "cart:{id}:{tenant}", "all"]).unwrap();
        assert_eq!(order.derived("acme:order:7"), ["acme:orders", "cart:7:acme", "all"]);
        assert_eq!(order.derived("a:order:b:order:c"), ["a:orders", "cart:b:order:c:a", "all"]);
        for other in ["acme:order:", ":order:7", "acme:orders:7", "order:7", ""] {
            assert!(order.derived(other).is_empty(), "{other}");
        }
        let all = Template::new("settings", ["menu"]).unwrap();
        assert_eq!(all.derived("settings"), ["menu"]);
        assert!(all.derived("settings:1").is_empty());
    }

    #[test]
    fn an_error_has_the_pattern_and_the_reason() {
        let error = |pattern, derived: &[&'static str]| {
            Template::new(pattern, derived.iter().copied()).expect_err("an error").to_string()
        };
        assert_eq!(error("user:{id", &[]), "invalid pattern `user:{id`: a `{` has no `}` after it");
        assert_eq!(error("user:id}", &[]), "invalid pattern `user:id}`: a `}` has no `{` before it");
        assert_eq!(error("user:{}", &[]), "invalid pattern `user:{}`: braces hold a name, such as `{id}`");
        assert_eq!(
            error("{a}{b}", &[]),
            "invalid pattern `{a}{b}`: `{a}` and `{b}` are adjacent: put text between them"
        );
        assert_eq!(error("{a}:{a}", &[]), "invalid pattern `{a}:{a}`: the name `{a}` occurs twice");
        assert_eq!(
            error("user:{id}", &["profile:{user}"]),
            "invalid pattern `profile:{user}`: `{user}` is not a name of the pattern `user:{id}`"
        );
    }
}
