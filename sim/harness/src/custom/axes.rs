//! Axes of a scenario in code.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use super::builder::Draft;

/// An axis: its name, and each value's label and change.
#[derive(Clone)]
pub(super) struct Axis {
    pub(super) name: String,
    values: Vec<(String, Change)>,
}

type Change = Arc<dyn Fn(Draft) -> Draft + Send + Sync>;

impl Axis {
    #[track_caller]
    pub(super) fn new<T: Display + Send + Sync + 'static>(
        name: String,
        values: impl IntoIterator<Item = T>,
        set: impl Fn(Draft, &T) -> Draft + Send + Sync + 'static,
    ) -> Self {
        let set = Arc::new(set);
        let value = |value: T| {
            let (label, set) = (value.to_string(), Arc::clone(&set));
            (label, Arc::new(move |draft| set(draft, &value)) as Change)
        };
        let values: Vec<_> = values.into_iter().map(value).collect();
        assert!(!values.is_empty(), "the axis `{name}` has no value: add one, or remove it");
        let mut labels = BTreeSet::new();
        for (label, _) in &values {
            assert!(labels.insert(label), "`{label}` is on the axis `{name}` twice");
            let is_fit = !label.is_empty() && !label.contains([',', '=', '\n']);
            assert!(
                is_fit,
                "`{label}` on the axis `{name}` cannot be part of a case's name, which has `,` and `=`"
            );
        }
        Axis { name, values }
    }

    /// Applies each value to the draft, with its label.
    pub(super) fn values(&self, draft: Draft, labelled: impl Fn(Draft, &str, &str) -> Draft) -> Vec<Draft> {
        let of = |(label, change): &(String, Change)| labelled(change(draft.clone()), &self.name, label);
        self.values.iter().map(of).collect()
    }
}
