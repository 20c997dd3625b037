//! What a family of clients can have beyond `get` and `set`.

use std::fmt;
use std::str::FromStr;

use crate::scenario::{OpKind, Special};

/// An addition to a family of clients: an operation, a fault, or a variation of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Addition {
    /// Threads call this operation too.
    Operation(OpKind),
    /// Entries of the local tier can expire, at any point of a run.
    Expiry,
    /// Keys of the remote tier can expire, at any point of a run.
    RemoteExpiry,
    /// One command or load can fail in a run.
    Fault,
    /// The future of one operation can be dropped in a run.
    Drop,
    /// A database behind the remote tier is the source of truth.
    Database,
    /// Each key has a derived key, which threads only read.
    Derived,
    /// Two nodes, each with its own local tier.
    Nodes,
    /// A variation of the world or of the cache.
    Special(Special),
}

/// The additions that are neither an operation nor a special, with their names.
const OTHERS: [(&str, Addition); 7] = [
    ("expiry", Addition::Expiry),
    ("remote-expiry", Addition::RemoteExpiry),
    ("fault", Addition::Fault),
    ("drop", Addition::Drop),
    ("database", Addition::Database),
    ("derived", Addition::Derived),
    ("nodes", Addition::Nodes),
];

impl Addition {
    /// Every addition: operations, then variations of the world.
    pub fn all() -> impl Iterator<Item = Addition> {
        let is_added = |kind: &OpKind| !matches!(kind, OpKind::Get | OpKind::Set);
        let operations = OpKind::ALL.into_iter().filter(is_added).map(Addition::Operation);
        let others = OTHERS.into_iter().map(|(_, addition)| addition);
        operations.chain(others).chain(Special::ALL.into_iter().map(Addition::Special))
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Addition::Operation(kind) => kind.name(),
            Addition::Special(special) => special.name(),
            other => OTHERS.iter().find(|(_, its)| *its == other).expect("all others are listed").0,
        }
    }
}

impl fmt::Display for Addition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Addition {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Addition::all().find(|addition| addition.name() == name).ok_or_else(|| {
            let names: Vec<_> = Addition::all().map(Addition::name).collect();
            format!("expected one of: {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Addition;

    #[test]
    fn each_name_is_that_of_one_addition() {
        for addition in Addition::all() {
            assert_eq!(addition.name().parse(), Ok(addition));
        }
        assert!("get".parse::<Addition>().is_err(), "`get` is in each family");
    }
}
