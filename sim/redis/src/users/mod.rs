//! Users and their permissions (ACL).

mod sha256;
mod table;
mod user;

pub(crate) use table::Users;
pub(crate) use user::{CommandRule, RuleTarget, User, UserError};
