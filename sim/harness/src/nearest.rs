//! The name that a misspelled one probably means.

/// The most similar known name, if any is similar.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |known: &str| strsim::damerau_levenshtein(name, known);
    known
        .iter()
        .copied()
        .min_by_key(|known| distance(known))
        .filter(|near| distance(near) <= (name.len() + 1) / 3)
}
