//! Values as text, for caches that store text.

use crate::history::{Key, Value};

impl Value {
    /// The value as a unique text: `user:1@v2`.
    pub fn text(self) -> String {
        format!("{self:?}")
    }

    /// Returns the value whose [text](Value::text) `text` contains, if it is a value of `key`.
    pub fn in_text(key: Key, text: &str) -> Option<Value> {
        let (_, rest) = text.split_once(&format!("{key}@v"))?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Some(Value { key, version: rest[..digits].parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_text_that_contains_it() {
        let [one, other] = ["user:1", "user:11"].map(Key::new);
        let value = Value { key: one, version: 12 };
        assert_eq!(value.text(), "user:1@v12");
        for text in [value.text(), format!("{{\"name\":\"{}\"}}", value.text())] {
            assert_eq!(Value::in_text(one, &text), Some(value));
            assert_eq!(Value::in_text(other, &text), None);
        }
        for text in ["", "user:1", "user:1@v", "user:1@vx", "user:11@v3"] {
            assert_eq!(Value::in_text(one, text), None, "{text}");
        }
    }
}
