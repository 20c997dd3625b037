//! All users.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::user::User;

/// The users by name. `default` always exists.
#[derive(Debug)]
pub(crate) struct Users {
    users: BTreeMap<Bytes, User>,
    /// Whether every connection may do everything without a password, as in a new server.
    is_open: bool,
}

/// The user of a new connection.
pub(crate) const DEFAULT: &[u8] = b"default";

impl Default for Users {
    fn default() -> Self {
        let users = [(Bytes::from_static(DEFAULT), User::unrestricted())].into();
        Users { users, is_open: true }
    }
}

impl Users {
    /// Whether every connection may do everything without a password.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<&User> {
        self.users.get(name)
    }

    /// The users, sorted by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Bytes, &User)> {
        self.users.iter()
    }

    pub(crate) fn set(&mut self, name: &Bytes, user: User) {
        self.users.insert(name.clone(), user);
        self.is_open = self.users.len() == 1
            && self.users.values().all(|user| user.is_on && user.no_password && user.is_unrestricted());
    }

    /// Removes a user, and returns whether it existed.
    pub(crate) fn remove(&mut self, name: &[u8]) -> bool {
        self.users.remove(name).is_some()
    }

    /// Whether a new connection needs no password.
    pub(crate) fn admits_anyone(&self) -> bool {
        self.users.get(DEFAULT).is_some_and(|user| user.is_on && user.no_password)
    }

    /// Whether the name and the password are valid.
    pub(crate) fn authenticates(&self, name: &[u8], password: &[u8]) -> bool {
        self.users.get(name).is_some_and(|user| user.accepts(password))
    }
}
