//! Errors in the pasted texts, with their places in the editor.

use selvedge_sim::diagnostic::{Diagnostic, diagnose};
use selvedge_sim::trace::Look;
use serde_json::{Value, json};

/// An error as JSON: its parts, and the text with the line and the caret. Lines and columns count
/// from 1; columns are UTF-16 units, as in a browser.
pub(super) fn mistake(error: &dyn Diagnostic) -> Value {
    let place = error.place().map(|place| {
        let text = place.excerpt.text();
        let at = |offset: usize| {
            let before = &text[..offset];
            let start = before.rfind('\n').map_or(0, |end| end + 1);
            let column = before[start..].encode_utf16().count() + 1;
            json!({ "line": before.matches('\n').count() + 1, "column": column })
        };
        json!({
            "file": place.excerpt.name(),
            "from": at(place.span.start),
            "to": at(place.span.end),
            "label": place.label,
        })
    });
    json!({
        "what": error.to_string(),
        "place": place,
        "help": error.help(),
        "text": diagnose(error, Look::PLAIN),
    })
}

/// An error without a place.
pub(super) fn plain_mistake(what: &str, help: Option<&str>) -> Value {
    json!({ "what": what, "place": null, "help": help, "text": format!("  × {what}\n") })
}
