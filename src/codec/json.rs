//! serde, as JSON.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;

/// Any serde type, as JSON: for values that people or other programs read too. Requires the cargo
/// feature `json`.
///
/// ```
/// use selvedge::codec::{Codec, Json};
///
/// let bytes = Json.encode(&(7_u32, String::from("seven")))?;
/// assert_eq!(&bytes[..], br#"[7,"seven"]"#);
/// let value: (u32, String) = Json.decode(bytes)?;
/// assert_eq!(value, (7, String::from("seven")));
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl<V: Serialize + DeserializeOwned> Codec<V> for Json {
    type Error = serde_json::Error;

    fn encode(&self, value: &V) -> Result<Bytes, serde_json::Error> {
        Ok(serde_json::to_vec(value)?.into())
    }

    fn decode(&self, bytes: Bytes) -> Result<V, serde_json::Error> {
        serde_json::from_slice(&bytes)
    }
}
