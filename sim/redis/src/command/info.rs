//! `COMMAND`: the properties of commands.
//!
//! `info.tsv` has the properties that a redis-server reports and that this server does not use
//! itself.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Bytes;

use super::arguments::is;
use super::spec::KeyPositions;
use super::table::{by_name, rows};
use super::{Answer, Call, ErrorReply, Spec, find};
use crate::glob::matches;
use crate::resp::Reply;

/// The properties of a command in `info.tsv`.
#[derive(Debug)]
pub(super) struct Properties {
    flags: Vec<&'static str>,
    /// The first key, the last key (negative: from the end), and the step.
    keys: [i64; 3],
    /// The ACL categories, without `@`.
    pub(super) categories: Vec<&'static str>,
    tips: Vec<&'static str>,
    specifications: Vec<&'static str>,
}

impl Properties {
    /// Whether the command has this flag.
    pub(super) fn has_flag(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// The flags of each key specification, such as `access` and `update`.
    pub(super) fn key_flags(&self) -> Vec<Vec<&'static str>> {
        let flags = |text: &&'static str| text.split(';').next().unwrap_or_default().split(',').collect();
        self.specifications.iter().map(flags).collect()
    }

    /// The positions of the keys that the command names.
    pub(super) fn key_positions(&self, spec: &Spec, words: &[Bytes]) -> Vec<usize> {
        match spec.keys {
            // It also accesses keys that it does not name.
            KeyPositions::Any => {
                let [first, last, step] = self.keys;
                let last = if last < 0 { last + words.len() as i64 } else { last };
                let step = usize::try_from(step.max(1)).unwrap_or(1);
                let all = (first..=last).step_by(step).filter_map(|at| usize::try_from(at).ok());
                all.filter(|at| *at > 0 && *at < words.len()).collect()
            }
            keys => keys.positions(words).unwrap_or_default(),
        }
    }
}

static PROPERTIES: LazyLock<BTreeMap<&'static str, Properties>> = LazyLock::new(|| {
    let lines = include_str!("info.tsv").lines().filter(|line| !line.starts_with('#'));
    let parse = |line: &'static str| {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let list = |text: &'static str, separator: char| -> Vec<&'static str> {
            text.split(separator).filter(|part| !part.is_empty()).collect()
        };
        let name = next();
        let flags = list(next(), ',');
        let numbers: Vec<i64> = list(next(), ',').into_iter().filter_map(|it| it.parse().ok()).collect();
        let keys = numbers.try_into().unwrap_or_default();
        let (categories, tips) = (list(next(), ','), list(next(), ','));
        (name, Properties { flags, keys, categories, tips, specifications: list(next(), '|') })
    };
    lines.map(parse).collect()
});

impl Spec {
    /// Whether Redis rejects the command while memory is short (`denyoom`).
    pub(crate) fn needs_memory(&self) -> bool {
        properties(self).has_flag("denyoom")
    }

    /// Whether the command can wait (`blocking`).
    pub(crate) fn may_block(&self) -> bool {
        properties(self).has_flag("blocking")
    }
}

/// The properties of a command with a row in the table.
pub(super) fn properties(spec: &Spec) -> &'static Properties {
    &PROPERTIES[spec.name]
}

/// The commands that are not subcommands.
fn commands() -> impl Iterator<Item = &'static Spec> {
    rows().iter().filter(|spec| !spec.name.contains('|'))
}

fn statuses(names: &[&'static str], prefix: &str) -> Reply {
    Reply::Set(names.iter().map(|name| Reply::Status(format!("{prefix}{name}").into())).collect())
}

fn description(spec: &'static Spec) -> Reply {
    let info = properties(spec);
    let texts = |names: &[&'static str]| names.iter().map(|name| Reply::text(name)).collect();
    let mut parts = vec![Reply::text(spec.name), Reply::Integer(spec.arity as i64)];
    parts.push(statuses(&info.flags, ""));
    parts.extend(info.keys.map(Reply::Integer));
    parts.push(statuses(&info.categories, "@"));
    parts.push(Reply::Set(texts(&info.tips)));
    parts.push(Reply::Set(info.specifications.iter().map(|text| specification(text)).collect()));
    let prefix = format!("{}|", spec.name);
    let subcommands = rows().iter().filter(|other| other.name.starts_with(&prefix));
    parts.push(Reply::Set(subcommands.map(description).collect()));
    Reply::Array(parts)
}

/// A key specification: its flags, where the keys begin, how to find them, and notes.
fn specification(text: &'static str) -> Reply {
    let mut parts = text.splitn(4, ';');
    let mut next = || parts.next().unwrap_or_default();
    let flags: Vec<&'static str> = next().split(',').collect();
    let method = |text: &'static str| {
        let mut parts = text.split(':');
        let kind = parts.next().unwrap_or_default();
        let value = |text: &'static str| text.parse().map_or(Reply::text(text), Reply::Integer);
        let pair = |(name, it): (&'static str, &'static str)| (Reply::text(name), value(it));
        let fields = parts.filter_map(|field| field.split_once('=')).map(pair).collect();
        Reply::Map(vec![(Reply::text("type"), Reply::text(kind)), (Reply::text("spec"), Reply::Map(fields))])
    };
    let (begin, find, notes) = (method(next()), method(next()), next());
    let notes = Some(notes).filter(|notes| !notes.is_empty());
    let notes = notes.map(|notes| (Reply::text("notes"), Reply::text(notes)));
    let others = [
        (Reply::text("flags"), statuses(&flags, "")),
        (Reply::text("begin_search"), begin),
        (Reply::text("find_keys"), find),
    ];
    Reply::Map(notes.into_iter().chain(others).collect())
}

/// `COMMAND` without a subcommand.
pub(super) fn all(_: &mut Call<'_>) -> Answer {
    Ok(Reply::Array(commands().map(description).collect()))
}

pub(super) fn count(_: &mut Call<'_>) -> Answer {
    Ok(Reply::count(commands().count()))
}

pub(super) fn info(call: &mut Call<'_>) -> Answer {
    if call.words.len() == 2 {
        return all(call);
    }
    let reply = |name: &Bytes| by_name(name).map_or(Reply::Null, description);
    Ok(Reply::Array(call.words[2..].iter().map(reply).collect()))
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let holds: Box<dyn Fn(&Spec) -> bool> = match &call.words[2..] {
        [] => Box::new(|_| true),
        [filter, kind, name] if is(filter, "filterby") => match () {
            // There are no modules.
            () if is(kind, "module") => Box::new(|_| false),
            () if is(kind, "aclcat") => Box::new(|spec| {
                properties(spec)
                    .categories
                    .iter()
                    .any(|category| name.eq_ignore_ascii_case(category.as_bytes()))
            }),
            () if is(kind, "pattern") => {
                let pattern = name.to_ascii_lowercase();
                Box::new(move |spec| matches(&pattern, spec.name.as_bytes()))
            }
            () => return Err(ErrorReply::SYNTAX),
        },
        _ => return Err(ErrorReply::SYNTAX),
    };
    let names = rows().iter().filter(|spec| holds(spec)).map(|spec| Reply::text(spec.name));
    Ok(Reply::Array(names.collect()))
}

/// `COMMAND GETKEYS`.
pub(super) fn get_keys(call: &mut Call<'_>) -> Answer {
    let fixed = |text| Err(ErrorReply::fixed(text));
    let words = &call.words[2..];
    let Ok(spec) = find(words) else {
        return fixed("ERR Invalid command specified");
    };
    let info = properties(spec);
    if info.specifications.is_empty() {
        return fixed("ERR The command has no key arguments");
    }
    if !spec.fits(words.len()) {
        return fixed("ERR Invalid number of arguments specified for command");
    }
    let positions = info.key_positions(spec, words);
    if positions.is_empty() && !info.flags.contains(&"no_mandatory_keys") {
        return fixed("ERR Invalid arguments specified for command");
    }
    Ok(Reply::Array(positions.into_iter().map(|at| Reply::Bulk(words[at].clone())).collect()))
}

#[cfg(test)]
mod tests {
    use super::{PROPERTIES, rows};

    #[test]
    fn each_command_has_properties() {
        let names: Vec<_> = rows().iter().map(|spec| spec.name).collect();
        assert_eq!(names, PROPERTIES.keys().copied().collect::<Vec<_>>());
    }
}
