//! Commands at the level [`Strict`](crate::nodes::Strict). The steps are those of `nodes/mod.rs`.

use std::future::poll_fn;
use std::iter;
use std::slice;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::TieredCache;
use super::cache::OwnMember;
use crate::member::AwaitedWrite;
use crate::nodes::Strict;
use crate::remote::{Change, Coordinator, Reading, Registry, Remote};
use crate::sync::{Entry, Key, Primitives};

/// The remote tier as the coordinator of the nodes.
pub(crate) type OwnCoordinator<K, V, E> = Arc<dyn Coordinator<K, V, Error = E>>;

/// The remote tier, and at the level `Strict` the same tier as the coordinator.
pub(super) type Tier<K, V, R> = (Arc<R>, Option<OwnCoordinator<K, V, <R as Remote<K, V>>::Error>>);

/// The coordinator and the node.
type Coordinated<'c, K, V, E, P> = (&'c OwnCoordinator<K, V, E>, &'c OwnMember<K, V, E, P>);

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// The coordinator and the node, at the level `Strict`.
    pub(super) fn strict(&self) -> Option<Coordinated<'_, K, V, R::Error, P>> {
        self.coordinator.as_ref().zip(self.member.as_ref())
    }

    /// Reads the key in the remote tier, and whether a write on any node has it open.
    pub(super) async fn read_remote(&self, key: &K) -> Result<Reading<V>, R::Error> {
        let Some(coordinator) = &self.coordinator else {
            return Ok(Reading { found: self.remote.get(key).await?, is_open: false });
        };
        let mut read = coordinator.read(slice::from_ref(key)).await?;
        Ok(read.pop().unwrap_or(Reading { found: None, is_open: true }))
    }

    /// [`read_remote`](Self::read_remote) for several keys.
    pub(super) async fn read_many(&self, keys: &[K]) -> Result<Vec<Reading<V>>, R::Error> {
        if let Some(coordinator) = &self.coordinator {
            return coordinator.read(keys).await;
        }
        let found = self.remote.get_many(keys).await?;
        Ok(found.into_iter().map(|found| Reading { found, is_open: false }).collect())
    }

    /// Step 3 of a write, on all nodes. Also deletes the keys derived from it.
    pub(super) async fn write_on_all_nodes(
        &self,
        key: &K,
        derived: &[K],
        change: Change<'_, V>,
    ) -> Result<(), R::Error> {
        let keys: Vec<_> = iter::once(key).chain(derived).cloned().collect();
        let (coordinator, member) = self.strict().expect("the level is `Strict`");
        loop {
            // 3a.
            let awaited = member.answers().begin();
            let number = awaited.number();
            let registry = coordinator.open(number, &keys).await?;
            // 3b.
            let outlasted = outlasted(&**coordinator, awaited, registry, self.settings.lease()).await;
            // 3c.
            if coordinator.write(number, &keys, change, &outlasted).await? {
                return Ok(());
            }
        }
    }
}

/// Waits until each node that may hold a lease has answered, or has no lease any more. Returns the
/// part of the registry that has not answered.
async fn outlasted<K, V, E, P: Primitives>(
    coordinator: &dyn Coordinator<K, V, Error = E>,
    mut awaited: AwaitedWrite<'_, P>,
    mut registry: Registry,
    own: Duration,
) -> Registry {
    let Registry { holders, is_complete } = &mut registry;
    if holders.is_empty() && *is_complete {
        return registry;
    }
    // The wait begins after the reply, and so after the request of each lease in question. A node
    // whose lease is not known has one of the own length.
    let known = holders.iter().map(|holder| holder.lease);
    let longest = known.chain((!*is_complete).then_some(own)).max().unwrap_or_default();
    let mut ends = None;
    let have_all = poll_fn(|context| {
        let nodes = holders.iter().map(|holder| holder.node);
        if *is_complete && awaited.have_all(nodes, context.waker()) {
            return Poll::Ready(true);
        }
        let ends = ends.get_or_insert_with(|| coordinator.sleep(Strict::outlast(longest)));
        ends.as_mut().poll(context).map(|()| false)
    });
    if have_all.await {
        holders.clear();
    } else {
        let answered = awaited.end();
        holders.retain(|holder| !answered.contains(&holder.node));
    }
    registry
}
