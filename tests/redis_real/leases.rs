//! The second fence: two nodes, a source of truth behind Redis, and the order of steps that fails
//! without it.

use std::thread;
use std::time::Duration;

use selvedge::remote::redis::{BuildError, Error, Redis};
use selvedge::remote::{Fill, Found, Lease, Outcome, Remote};

use super::{Real, get, lasting, set};

const LIFE: Duration = Duration::from_secs(60);

async fn get_for_fill(redis: &Redis, key: &str) -> (Option<Found<String>>, Lease) {
    redis.get_for_fill(&key).await.expect("the server answers")
}

async fn fill(redis: &Redis, key: &str, value: &str, lease: Lease) -> Result<Fill, Error> {
    redis.fill(&key, &value.to_owned(), None, lease).await
}

async fn delete(redis: &Redis, key: &str) {
    Remote::<_, String>::delete(redis, &key).await.expect("the server answers");
}

impl Real {
    fn node(&self) -> Redis {
        self.builder().leases(LIFE).build().expect("the prefix is a good one")
    }
}

/// The first node loads the old value; the second writes the source of truth and deletes the key;
/// then the first node fills.
async fn late_fill(first: &Redis, second: &Redis) -> (Fill, Option<Found<String>>) {
    let (found, lease) = get_for_fill(first, "k").await;
    assert_eq!(found, None);
    delete(second, "k").await;
    let fill = fill(first, "k", "old", lease).await.unwrap();
    (fill, get(second, "k").await.unwrap())
}

#[tokio::test]
async fn without_leases_a_late_fill_restores_the_old_value() {
    let Some(real) = Real::start("the control of the leases") else { return };
    let (first, second) = (real.redis(), real.redis());
    assert_eq!(late_fill(&first, &second).await, (Fill::Filled, lasting("old")));
}

#[tokio::test]
async fn with_leases_a_late_fill_is_refused() {
    let Some(real) = Real::start("leases") else { return };
    let (first, second) = (real.node(), real.node());
    assert_eq!(late_fill(&first, &second).await, (Fill::Refused, None));
    // A node that loads after the write may fill.
    let (found, lease) = get_for_fill(&first, "k").await;
    assert_eq!(found, None);
    assert_eq!(fill(&first, "k", "new", lease).await.unwrap(), Fill::Filled);
    assert_eq!(get_for_fill(&second, "k").await, (lasting("new"), Lease::none()));
}

#[tokio::test]
async fn every_write_ends_a_lease() {
    let Some(mut real) = Real::start("what ends a lease") else { return };
    let (first, second) = (real.node(), real.node());

    let (_, lease) = get_for_fill(&first, "k").await;
    set(&second, "k", "newer", None).await.unwrap();
    delete(&second, "k").await;
    assert_eq!(fill(&first, "k", "old", lease).await.unwrap(), Fill::Refused);

    let (_, lease) = get_for_fill(&first, "k").await;
    set(&second, "k", "newer", Some(LIFE)).await.unwrap();
    assert_eq!(fill(&first, "k", "old", lease).await.unwrap(), Fill::Refused);
    assert_eq!(get(&first, "k").await.unwrap().unwrap().value, "newer");
    delete(&second, "k").await;

    // Even if the new value has expired since.
    let (_, lease) = get_for_fill(&first, "k").await;
    set(&second, "k", "newer", Some(Duration::ZERO)).await.unwrap();
    while real.by_hand::<bool>("EXISTS app:k") {
        thread::yield_now();
    }
    assert_eq!(fill(&first, "k", "old", lease).await.unwrap(), Fill::Refused);

    let (_, lease) = get_for_fill(&first, "k").await;
    Remote::<_, String>::delete_many(&second, &["j", "k"]).await.unwrap();
    assert_eq!(fill(&first, "k", "old", lease).await.unwrap(), Fill::Refused);

    // A SET by a client without leases also ends the lease.
    let (_, lease) = get_for_fill(&first, "k").await;
    let _: () = real.by_hand("SET app:k \u{5}newer");
    assert_eq!(fill(&first, "k", "old", lease).await.unwrap(), Fill::Refused);
    assert_eq!(get(&first, "k").await.unwrap(), lasting("newer"));
}

#[tokio::test]
async fn of_the_nodes_that_share_a_lease_the_first_fills() {
    let Some(mut real) = Real::start("a shared lease") else { return };
    let (first, second) = (real.node(), real.node());
    let (_, lease) = get_for_fill(&first, "k").await;
    let (_, shared) = get_for_fill(&second, "k").await;
    assert_eq!(lease, shared);
    assert_eq!(fill(&second, "k", "value", shared).await.unwrap(), Fill::Filled);
    assert_eq!(fill(&first, "k", "same value", lease).await.unwrap(), Fill::Refused);
    assert_eq!(get(&first, "k").await.unwrap(), lasting("value"));
    assert_eq!(real.by_hand::<Vec<String>>("KEYS *"), ["app:k"], "no lease is left");
}

#[tokio::test]
async fn a_lease_belongs_to_one_key_and_is_never_given_twice() {
    let Some(real) = Real::start("leases and keys") else { return };
    let node = real.node();
    let (_, of_j) = get_for_fill(&node, "j").await;
    let (_, of_k) = get_for_fill(&node, "k").await;
    assert_ne!(of_j, of_k);
    assert_eq!(fill(&node, "k", "v", of_j).await.unwrap(), Fill::Refused);
    assert_eq!(fill(&node, "k", "v", Lease::none()).await.unwrap(), Fill::Refused);
    delete(&node, "k").await;
    let (_, again) = get_for_fill(&node, "k").await;
    assert_ne!(again, of_k);
}

#[tokio::test]
async fn an_old_lease_expires() {
    let Some(mut real) = Real::start("the life of a lease") else { return };
    let node = real.builder().leases(Duration::from_millis(1)).build().unwrap();
    let (_, lease) = get_for_fill(&node, "k").await;
    while real.by_hand::<bool>("EXISTS selvedge:lease:app:k") {
        thread::yield_now();
    }
    assert_eq!(fill(&node, "k", "old", lease).await.unwrap(), Fill::Refused);
}

#[tokio::test]
async fn a_filled_value_has_its_ttl() {
    let Some(real) = Real::start("the TTL of a fill") else { return };
    let node = real.node();
    let (_, lease) = get_for_fill(&node, "k").await;
    let minute = Duration::from_secs(60);
    assert_eq!(node.fill(&"k", &"v".to_owned(), Some(minute), lease).await.unwrap(), Fill::Filled);
    let (found, lease) = get_for_fill(&node, "k").await;
    let Found { value, ttl } = found.unwrap();
    assert_eq!((value.as_str(), lease), ("v", Lease::none()));
    assert!(ttl.unwrap() <= minute && ttl.unwrap() > Duration::ZERO, "{ttl:?}");
}

#[tokio::test]
async fn scripts_are_sent_again_after_the_server_has_lost_them() {
    let Some(mut real) = Real::start("forgotten scripts") else { return };
    let node = real.node();
    let (_, lease) = get_for_fill(&node, "k").await;
    let _: () = real.by_hand("SCRIPT FLUSH");
    assert_eq!(fill(&node, "k", "v", lease).await.unwrap(), Fill::Filled);
    let _: () = real.by_hand("SCRIPT FLUSH");
    assert_eq!(get_for_fill(&node, "k").await.0, lasting("v"));
}

#[tokio::test]
async fn a_fill_that_the_server_refuses_changes_nothing() {
    let Some(mut real) = Real::start("a refused fill") else { return };
    let node = real.node();
    let (_, lease) = get_for_fill(&node, "k").await;
    let _: () = real.by_hand("CONFIG SET maxmemory 1");
    let error = fill(&node, "k", "v", lease).await.unwrap_err();
    assert!(error.to_string().starts_with("redis: FILL of \"app:k\": the server refused it: "), "{error}");
    assert_eq!(Remote::<&str, String>::outcome(&node, &error), Outcome::Over);
    let _: () = real.by_hand("CONFIG SET maxmemory 0");
    assert_eq!(fill(&node, "k", "v", lease).await.unwrap(), Fill::Filled);
}

#[test]
fn leases_need_a_prefix() {
    let error = Redis::builder("redis://localhost/").leases(LIFE).build().unwrap_err();
    assert!(matches!(error, BuildError::Prefix(ref prefix) if prefix.is_empty()), "{error}");
}
