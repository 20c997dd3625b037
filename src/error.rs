//! Errors of the cache's operations.

use std::error::Error as StdError;
use std::fmt::{self, Debug, Display};
use std::sync::Arc;

/// Error of an operation: the operation, its keys, and the error of the tier that failed.
///
/// It can be cloned, because all callers that wait for one load share its error.
///
/// # After a write
///
/// A failed write may have taken effect, may still do so later, or may never. The cache is then
/// slower for its key, but not wrong: see [`TieredCache`](crate::TieredCache). Repeat the write:
/// its outcome is certain only when it returns `Ok`.
#[derive(Debug)]
pub struct Error<K, E> {
    operation: Operation,
    keys: Arc<[K]>,
    cause: Cause<E>,
}

/// The error of the tier that failed.
#[derive(Debug)]
pub enum Cause<E> {
    /// The remote tier's error.
    Remote(Arc<E>),
    /// The loader's error.
    Loader(Arc<dyn StdError + Send + Sync>),
    /// A call of the blocking interface would have waited forever, for this reason: see
    /// [`Remote::park`](crate::Remote::park).
    Blocking(&'static str),
}

/// An operation of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// [`get`](crate::TieredCache::get) or [`get_many`](crate::TieredCache::get_many).
    Get,
    /// [`get_or_load`](crate::TieredCache::get_or_load).
    GetOrLoad,
    /// [`set`](crate::TieredCache::set) or [`set_with_ttl`](crate::TieredCache::set_with_ttl).
    Set,
    /// [`delete`](crate::TieredCache::delete).
    Delete,
}

impl<K, E> Error<K, E> {
    pub(crate) fn remote(operation: Operation, keys: Arc<[K]>, error: E) -> Self {
        Error { operation, keys, cause: Cause::Remote(Arc::new(error)) }
    }

    pub(crate) fn loader(key: K, error: Box<dyn StdError + Send + Sync>) -> Self {
        Error {
            operation: Operation::GetOrLoad,
            keys: Arc::new([key]),
            cause: Cause::Loader(Arc::from(error)),
        }
    }

    pub(crate) fn blocking(operation: Operation, keys: Arc<[K]>, reason: &'static str) -> Self {
        Error { operation, keys, cause: Cause::Blocking(reason) }
    }

    /// The operation that failed.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The keys of the failed command.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// The cause, with the tier that failed.
    pub fn cause(&self) -> &Cause<E> {
        &self.cause
    }

    /// The remote tier's error, if that tier failed.
    pub fn as_remote(&self) -> Option<&E> {
        match &self.cause {
            Cause::Remote(error) => Some(error),
            Cause::Loader(_) | Cause::Blocking(_) => None,
        }
    }
}

impl<K, E> Clone for Error<K, E> {
    fn clone(&self) -> Self {
        Error { operation: self.operation, keys: Arc::clone(&self.keys), cause: self.cause.clone() }
    }
}

impl<E> Clone for Cause<E> {
    fn clone(&self) -> Self {
        match self {
            Cause::Remote(error) => Cause::Remote(Arc::clone(error)),
            Cause::Loader(error) => Cause::Loader(Arc::clone(error)),
            Cause::Blocking(reason) => Cause::Blocking(reason),
        }
    }
}

impl Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::Get => "get",
            Operation::GetOrLoad => "get or load",
            Operation::Set => "set",
            Operation::Delete => "delete",
        })
    }
}

impl<K: Debug, E> Display for Error<K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tier = match self.cause {
            Cause::Remote(_) => "the remote tier",
            Cause::Loader(_) => "the loader",
            Cause::Blocking(_) => "the blocking interface",
        };
        write!(f, "{tier} failed to {} ", self.operation)?;
        match &*self.keys {
            [key] => write!(f, "{key:?}"),
            [key, others @ ..] => write!(f, "{key:?} and {} more", others.len()),
            [] => f.write_str("nothing"),
        }?;
        match self.cause {
            Cause::Blocking(reason) => write!(f, ": {reason}"),
            Cause::Remote(_) | Cause::Loader(_) => Ok(()),
        }
    }
}

impl<K: Debug, E: StdError + 'static> StdError for Error<K, E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Cause::Remote(error) => Some(&**error),
            Cause::Loader(error) => Some(&**error),
            Cause::Blocking(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_tier_the_operation_and_the_key() {
        let down = || std::io::Error::other("connection refused");
        let error = Error::remote(Operation::Set, Arc::new(["user:1"]), down());
        assert_eq!(error.to_string(), "the remote tier failed to set \"user:1\"");
        assert_eq!(error.source().expect("the tier's own").to_string(), "connection refused");
        assert_eq!(error.as_remote().map(|its| its.to_string()).as_deref(), Some("connection refused"));
        let error = Error::remote(Operation::Get, Arc::new([1, 2, 3]), down());
        assert_eq!(error.to_string(), "the remote tier failed to get 1 and 2 more");
        let error = Error::<_, std::io::Error>::loader("user:1", Box::new(down())).clone();
        assert_eq!(error.to_string(), "the loader failed to get or load \"user:1\"");
        assert!(error.as_remote().is_none() && error.source().is_some());
    }
}
