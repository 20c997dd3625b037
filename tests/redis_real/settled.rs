//! The guarantee of `settle` after any failures: no lost write is applied later.

use std::cell::RefCell;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::timeout;

use super::proxy::Proxy;
use super::{Real, get, postcard, set, settle_at_last};

/// The timeout of most writes that are lost here.
const SHORT: Duration = Duration::from_millis(40);

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A write that is awaited.
    Set,
    /// A write whose future is dropped after it was handed to the connection.
    Drop,
    /// A write whose future is dropped after it was sent.
    SendAndDrop,
    /// A read.
    Get,
    /// Holds the data sent over the existing connections.
    Hold,
    /// The server closes its connections.
    HangUp,
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    prop_oneof![Just(Set), Just(Drop), Just(SendAndDrop), Just(Get), Just(Hold), Just(HangUp)]
}

#[test]
fn no_lost_write_is_applied_after_settle() {
    let Some(real) = Real::start("settling whatever went wrong") else { return };
    let real = RefCell::new(real);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // The test mostly waits.
    let mut runner = TestRunner::new(ProptestConfig { cases: 24, ..ProptestConfig::default() });
    let result = runner.run(&vec(step(), 1..10), |steps| {
        let proxy = Proxy::start(&real.borrow().server);
        let redis = real.borrow().builder_at(&proxy.url()).command_timeout(SHORT).build().unwrap();
        runtime.block_on(async {
            for step in steps {
                match step {
                    // It may or may not have been applied.
                    Step::Set => drop(set(&redis, "k", "lost", None).await),
                    Step::Drop => drop(timeout(Duration::ZERO, set(&redis, "k", "lost", None)).await),
                    Step::SendAndDrop => {
                        drop(timeout(Duration::from_millis(2), set(&redis, "k", "lost", None)).await);
                    }
                    Step::Get => drop(get(&redis, "k").await),
                    Step::Hold => proxy.hold(),
                    Step::HangUp => {
                        let _: u64 = real.borrow_mut().by_hand("CLIENT KILL TYPE normal SKIPME yes");
                    }
                }
            }
            settle_at_last(&redis).await;
        });
        let _: () = real.borrow_mut().by_hand(&format!("SET app:k {}", postcard("last")));
        // Including the data held by the network.
        drop(redis);
        proxy.release();
        prop_assert_eq!(real.borrow_mut().by_hand::<String>("GET app:k"), postcard("last"));
        Ok(())
    });
    result.unwrap();
}
