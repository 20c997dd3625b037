//! What a cache under test can do.

use crate::history::{Key, Value};

/// A cache under test. An operation that ends was acknowledged.
pub trait Cache: Send + Sync + 'static {
    /// The key's value; `None` if it has none.
    fn get(&self, key: Key) -> impl Future<Output = Option<Value>> + Send;

    /// Gives the key a value.
    fn set(&self, key: Key, value: Value) -> impl Future<Output = ()> + Send;

    /// Deletes the key.
    fn delete(&self, key: Key) -> impl Future<Output = ()> + Send;
}
