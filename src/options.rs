//! How a cache is set up.

use std::num::NonZeroUsize;
use std::time::Duration;

/// How a cache is set up.
///
/// ```
/// use std::time::Duration;
///
/// let options = selvedge::Options::default().local_ttl(Duration::from_secs(60));
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) local_ttl: Option<Duration>,
    pub(crate) stripes: NonZeroUsize,
}

impl Options {
    /// How long a local entry is served: at most this long after the read of the remote tier that fetched it began.
    /// Without it entries live until they are written. It bounds how long this process can miss the writes of others.
    #[must_use]
    pub fn local_ttl(mut self, ttl: Duration) -> Self {
        self.local_ttl = Some(ttl);
        self
    }

    /// How many stripes the keys are spread over; 1,024 by default. Each takes 128 bytes. While a key is written, reads
    /// of the keys that share its stripe are not kept locally: more stripes, fewer of those.
    #[must_use]
    pub fn stripes(mut self, count: NonZeroUsize) -> Self {
        self.stripes = count;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Options { local_ttl: None, stripes: const { NonZeroUsize::new(1024).unwrap() } }
    }
}
