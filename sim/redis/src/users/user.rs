//! One user.

use bytes::Bytes;

use super::sha256::sha256;
use crate::glob::matches;

/// A user of the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    pub(crate) is_on: bool,
    /// Any password is valid.
    pub(crate) no_password: bool,
    /// The hashes of the passwords, in the order of their addition.
    pub(crate) passwords: Vec<String>,
    /// The rules about commands; the last that matches decides. Without one, a command is refused.
    pub(crate) commands: Vec<CommandRule>,
    pub(crate) keys: Vec<KeyPattern>,
    pub(crate) all_keys: bool,
    pub(crate) channels: Vec<Bytes>,
    pub(crate) all_channels: bool,
}

/// A rule about commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CommandRule {
    pub(crate) allows: bool,
    pub(crate) target: RuleTarget,
}

/// The commands to which a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleTarget {
    All,
    Category(&'static str),
    /// A command with its subcommands, or a subcommand.
    Command(&'static str),
}

/// A pattern of keys that the user may access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPattern {
    pub(crate) pattern: Bytes,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

/// The reason why a modifier of `ACL SETUSER` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserError {
    Syntax,
    UnknownCommand,
    PatternAfterAllKeys,
    PatternAfterAllChannels,
    NoSuchPassword,
    BadHash,
}

impl UserError {
    pub(crate) fn text(self) -> &'static str {
        match self {
            UserError::Syntax => "Syntax error",
            UserError::UnknownCommand => "Unknown command or category name in ACL",
            UserError::PatternAfterAllKeys => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does \
                 not have any effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            UserError::PatternAfterAllChannels => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does \
                 not have any effect. Try 'resetchannels' to start with an empty list of channels"
            }
            UserError::NoSuchPassword => "The password you are trying to remove from the user does not exist",
            UserError::BadHash => {
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal \
                 characters"
            }
        }
    }
}

impl User {
    /// The user `default` of a new server: it may do everything, without a password.
    pub(super) fn unrestricted() -> Self {
        User {
            is_on: true,
            no_password: true,
            commands: vec![CommandRule { allows: true, target: RuleTarget::All }],
            all_keys: true,
            all_channels: true,
            ..User::default()
        }
    }

    /// Whether the user may do everything.
    pub(super) fn is_unrestricted(&self) -> bool {
        let all = CommandRule { allows: true, target: RuleTarget::All };
        self.all_keys && self.all_channels && self.commands.last() == Some(&all)
    }

    /// Applies a modifier that does not concern commands.
    pub(crate) fn modify(&mut self, modifier: &[u8]) -> Result<(), UserError> {
        match &modifier.to_ascii_lowercase()[..] {
            b"on" => self.is_on = true,
            b"off" => self.is_on = false,
            b"nopass" => {
                self.no_password = true;
                self.passwords.clear();
            }
            b"resetpass" => {
                self.no_password = false;
                self.passwords.clear();
            }
            b"allkeys" => self.allow_all_keys(),
            b"resetkeys" => {
                self.all_keys = false;
                self.keys.clear();
            }
            b"allchannels" => self.allow_all_channels(),
            b"resetchannels" => {
                self.all_channels = false;
                self.channels.clear();
            }
            b"reset" => *self = User::default(),
            b"sanitize-payload" | b"skip-sanitize-payload" => {}
            _ => return self.modify_by_prefix(modifier),
        }
        Ok(())
    }

    fn modify_by_prefix(&mut self, modifier: &[u8]) -> Result<(), UserError> {
        let (prefix, rest) = modifier.split_first().ok_or(UserError::Syntax)?;
        match prefix {
            b'>' => self.add_password(sha256(rest)),
            b'#' => self.add_password(checked_hash(rest)?),
            b'<' => self.remove_password(&sha256(rest))?,
            b'!' => self.remove_password(&checked_hash(rest)?)?,
            b'~' => self.add_key_pattern(rest, true, true)?,
            b'%' if self.all_keys => return Err(UserError::PatternAfterAllKeys),
            b'%' => {
                let (permissions, pattern) = split_permissions(rest)?;
                let has = |letter: u8| permissions.iter().any(|byte| byte.eq_ignore_ascii_case(&letter));
                self.add_key_pattern(pattern, has(b'r'), has(b'w'))?;
            }
            b'&' if self.all_channels => {
                if rest != b"*" {
                    return Err(UserError::PatternAfterAllChannels);
                }
            }
            b'&' if rest == b"*" => self.allow_all_channels(),
            b'&' => {
                let pattern = Bytes::copy_from_slice(rest);
                if !self.channels.contains(&pattern) {
                    self.channels.push(pattern);
                }
            }
            _ => return Err(UserError::Syntax),
        }
        Ok(())
    }

    fn allow_all_keys(&mut self) {
        self.all_keys = true;
        self.keys.clear();
    }

    fn allow_all_channels(&mut self) {
        self.all_channels = true;
        self.channels.clear();
    }

    fn add_key_pattern(&mut self, pattern: &[u8], reads: bool, writes: bool) -> Result<(), UserError> {
        if pattern == b"*" && reads && writes {
            self.allow_all_keys();
            return Ok(());
        }
        if self.all_keys {
            return Err(UserError::PatternAfterAllKeys);
        }
        match self.keys.iter_mut().find(|old| old.pattern == pattern) {
            Some(old) => {
                old.reads |= reads;
                old.writes |= writes;
            }
            None => self.keys.push(KeyPattern { pattern: Bytes::copy_from_slice(pattern), reads, writes }),
        }
        Ok(())
    }

    fn add_password(&mut self, hash: String) {
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
        self.no_password = false;
    }

    fn remove_password(&mut self, hash: &str) -> Result<(), UserError> {
        let at = self.passwords.iter().position(|old| old == hash).ok_or(UserError::NoSuchPassword)?;
        self.passwords.remove(at);
        Ok(())
    }

    /// Whether the password is valid.
    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        self.is_on && (self.no_password || self.passwords.contains(&sha256(password)))
    }

    /// Whether the user may run a command.
    pub(crate) fn may_run(&self, command: &str, categories: &[&'static str]) -> bool {
        let applies = |rule: &&CommandRule| match rule.target {
            RuleTarget::All => true,
            RuleTarget::Category(name) => categories.contains(&name),
            RuleTarget::Command(name) => {
                command == name || command.strip_prefix(name).is_some_and(|rest| rest.starts_with('|'))
            }
        };
        self.commands.iter().rev().find(applies).is_some_and(|rule| rule.allows)
    }

    /// Whether the user may read, write, or read and write a key.
    pub(crate) fn may_access(&self, key: &[u8], reads: bool, writes: bool) -> bool {
        let covers = |pattern: &&KeyPattern| (pattern.reads || !reads) && (pattern.writes || !writes);
        self.all_keys || self.keys.iter().filter(covers).any(|pattern| matches(&pattern.pattern, key))
    }

    /// Whether the user may publish to a channel or subscribe to it.
    pub(crate) fn may_use_channel(&self, channel: &[u8]) -> bool {
        self.all_channels || self.channels.iter().any(|pattern| matches(pattern, channel))
    }

    /// Whether the user may subscribe to a pattern: only to one that is listed.
    pub(crate) fn may_use_pattern(&self, pattern: &[u8]) -> bool {
        self.all_channels || self.channels.iter().any(|listed| listed == pattern)
    }

    /// The rules about commands, as modifiers.
    pub(crate) fn command_rules(&self) -> String {
        let starts_with_all = self.commands.first().is_some_and(|rule| rule.target == RuleTarget::All);
        let initial = (!starts_with_all).then(|| "-@all".to_owned());
        let rules = self.commands.iter().map(|CommandRule { allows, target }| {
            let sign = if *allows { '+' } else { '-' };
            match target {
                RuleTarget::All => format!("{sign}@all"),
                RuleTarget::Category(name) => format!("{sign}@{name}"),
                RuleTarget::Command(name) => format!("{sign}{name}"),
            }
        });
        initial.into_iter().chain(rules).collect::<Vec<_>>().join(" ")
    }

    /// The patterns of keys, as modifiers.
    pub(crate) fn key_rules(&self) -> Vec<u8> {
        if self.all_keys {
            return b"~*".to_vec();
        }
        let rules = self.keys.iter().map(|KeyPattern { pattern, reads, writes }| {
            let prefix: &[u8] = match (reads, writes) {
                (true, false) => b"%R~",
                (false, true) => b"%W~",
                _ => b"~",
            };
            [prefix, pattern].concat()
        });
        rules.collect::<Vec<_>>().join(&b' ')
    }

    /// The patterns of channels, as modifiers.
    pub(crate) fn channel_rules(&self) -> Vec<u8> {
        if self.all_channels {
            return b"&*".to_vec();
        }
        self.channels.iter().map(|pattern| [b"&", &pattern[..]].concat()).collect::<Vec<_>>().join(&b' ')
    }

    /// The whole user, as modifiers.
    pub(crate) fn rules(&self) -> Vec<u8> {
        let mut parts: Vec<Vec<u8>> = vec![if self.is_on { b"on".to_vec() } else { b"off".to_vec() }];
        parts.extend(self.no_password.then(|| b"nopass".to_vec()));
        parts.extend(self.passwords.iter().map(|hash| format!("#{hash}").into_bytes()));
        parts.push(self.key_rules());
        parts.extend((!self.all_channels).then(|| b"resetchannels".to_vec()));
        parts.extend([self.channel_rules(), self.command_rules().into_bytes()]);
        parts.retain(|part| !part.is_empty());
        parts.join(&b' ')
    }
}

fn checked_hash(hash: &[u8]) -> Result<String, UserError> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    if hash.len() == 64 && hash.iter().all(is_digit) {
        return Ok(String::from_utf8_lossy(hash).into_owned());
    }
    Err(UserError::BadHash)
}

/// Splits `RW~pattern` into the letters and the pattern.
fn split_permissions(text: &[u8]) -> Result<(&[u8], &[u8]), UserError> {
    let at = text.iter().position(|byte| *byte == b'~').ok_or(UserError::Syntax)?;
    let letters = &text[..at];
    let are_valid = letters.iter().all(|byte| matches!(byte.to_ascii_lowercase(), b'r' | b'w'));
    if letters.is_empty() || !are_valid {
        return Err(UserError::Syntax);
    }
    Ok((letters, &text[at + 1..]))
}
