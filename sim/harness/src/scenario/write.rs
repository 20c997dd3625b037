//! Writes a case as a scenario file.

use super::{Case, Expected, NODES, Source};

impl Case {
    /// The case as the text of a scenario file with one case, which has the same expectation.
    /// `about` describes it in one line.
    pub fn to_toml(&self, about: &str) -> String {
        let mut text = format!(
            "name = {}\nabout = {}\ncache = {}\nlocal = \"{}\"\nremote = \"{}\"\n",
            quoted(&self.scenario),
            quoted(about),
            quoted(&self.cache),
            self.local,
            self.remote
        );
        if self.source != Source::default() {
            text += &format!("source = \"{}\"\n", self.source);
        }
        if !self.derived.is_empty() {
            let one = |(key, made): (_, &Vec<_>)| {
                format!("{} = {}", quoted_text(key), listed(made.iter().map(quoted_text)))
            };
            let all: Vec<_> = self.derived.iter().map(one).collect();
            text += &format!("derived = {{ {} }}\n", all.join(", "));
        }
        if self.nodes > 1 {
            text += &format!("nodes = {}\n", self.nodes);
        }
        for (field, most) in [("faults", self.faults), ("drops", self.drops)] {
            if most > 0 {
                text += &format!("{field} = {most}\n");
            }
        }
        if !self.specials.is_empty() {
            text += &format!("specials = {}\n", listed(self.specials.iter().map(quoted_text)));
        }
        for thread in &self.threads {
            text += &format!("\n[[thread]]\nname = {}\n", quoted(&thread.name));
            if self.nodes > 1 {
                text += &format!("node = \"{}\"\n", NODES[thread.node]);
            }
            if thread.spared {
                text += "spared = true\n";
            }
            let ops = thread.ops.iter().map(|op| quoted(&format!("{} {}", op.kind, op.key)));
            text += &format!("ops = {}\n", listed(ops));
        }
        text += "\n[[expect]]\n";
        match &self.expectation.expected {
            Expected::Consistency(level) => text += &format!("consistency = \"{level}\"\n"),
            Expected::Violations(rules) => {
                text += &format!("violations = {}\n", listed(rules.iter().map(quoted_text)));
            }
        }
        if self.expectation.bounded {
            text += "bounded = true\n";
        }
        text
    }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}

fn quoted_text(text: impl ToString) -> String {
    quoted(&text.to_string())
}

/// A string of TOML. Names have no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use crate::protocols::{Caches, Protocol};
    use crate::scenario::{Case, SHIPPED, SourceLine, parse};

    #[test]
    fn each_shipped_case_is_read_back_as_it_was() {
        let mut cases = 0;
        for (name, text) in SHIPPED {
            for case in parse(name, text, &Protocol::known()).expect("it is shipped").cases {
                let again = case.to_toml("written again");
                let read = parse("again.toml", &again, &Protocol::known());
                let read = read.unwrap_or_else(|mistakes| panic!("{again}\n{:?}", mistakes.0));
                let read = read.cases.into_iter().next().expect("one case");
                // The names of the cases and the places in the files differ.
                let plain = |case: &Case| Case {
                    name: String::new(),
                    labels: Vec::new(),
                    expected_at: SourceLine { file: String::new(), line: 0 },
                    ..case.clone()
                };
                assert_eq!(plain(&read), plain(&case), "{again}");
                cases += 1;
            }
        }
        assert!(cases > 100);
    }
}
