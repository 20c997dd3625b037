//! One word, one type: a word of the list names at most one type of a crate.

use super::{FOLDERS, read, sources};

/// Words that could each name several types of a crate.
const WORDS: [&str; 9] = ["Place", "Step", "Way", "Seat", "Turn", "Name", "Kind", "Kept", "Told"];

/// The name of the type that a line defines, in any visibility.
fn defined(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub") || word.ends_with(')'));
    let keyword = words.next()?;
    let name = words.next()?;
    let is_type = ["struct", "enum", "trait", "type", "union"].contains(&keyword);
    is_type.then(|| name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
}

/// Each word that names several types, with the files that define them.
fn homonyms<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let mut found: Vec<Vec<&str>> = vec![Vec::new(); WORDS.len()];
    for (file, text) in files {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for name in code.lines().filter_map(defined) {
            if let Some(at) = WORDS.iter().position(|word| *word == name) {
                found[at].push(file);
            }
        }
    }
    let several = WORDS.iter().zip(found).filter(|(_, files)| files.len() > 1);
    several.map(|(word, files)| format!("{word}: {}", files.join(", "))).collect()
}

#[test]
fn a_word_names_one_type_of_a_crate() {
    for folder in FOLDERS {
        let files = sources(&format!("{folder}/src"));
        let is_product = |file: &&String| !file.contains("/tests/") && !file.ends_with("tests.rs");
        let files: Vec<(&String, String)> =
            files.iter().filter(is_product).map(|file| (file, read(file))).collect();
        let found = homonyms(files.iter().map(|(file, text)| (file.as_str(), text.as_str())));
        assert_eq!(found, [""; 0], "{folder}: rename all but one of the types, or use the glossary's terms");
    }
}

#[test]
fn homonyms_are_found_in_each_form() {
    let one = "pub(super) struct Step<'a> {\n    step: Kind,\n}\ntype Way = u32;\nenum Stepping {}";
    let other = "pub enum Step {\n}\n#[cfg(test)]\nstruct Way;";
    assert_eq!(homonyms([("one", one)]), [""; 0]);
    assert_eq!(homonyms([("one", one), ("other", other)]), ["Step: one, other"]);
    assert_eq!(defined("    pub(in crate::x) trait Kind: Sized {"), Some("Kind"));
    assert_eq!(defined("// struct Kind"), None);
}
