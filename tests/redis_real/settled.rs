//! What `settle` promises, whatever has gone wrong before: of the writes that were lost, none comes any more.

use std::cell::RefCell;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::timeout;

use super::proxy::Proxy;
use super::{Real, get, postcard, set, settle_at_last};

/// Most of what is lost here is waited for as long as this.
const SHORT: Duration = Duration::from_millis(40);

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A write that is waited for.
    Set,
    /// A write whose future is dropped when it has been handed over.
    Drop,
    /// A write whose future is dropped when it has been sent.
    SendAndDrop,
    /// A read.
    Get,
    /// What is sent over the connections so far stays on its way.
    Hold,
    /// The server closes its connections.
    HangUp,
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    prop_oneof![Just(Set), Just(Drop), Just(SendAndDrop), Just(Get), Just(Hold), Just(HangUp)]
}

#[test]
fn no_lost_write_comes_after_it() {
    let Some(real) = Real::start("settling whatever went wrong") else { return };
    let real = RefCell::new(real);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Most of the time is waiting.
    let mut runner = TestRunner::new(ProptestConfig { cases: 24, ..ProptestConfig::default() });
    let result = runner.run(&vec(step(), 1..10), |steps| {
        let proxy = Proxy::start(&real.borrow().server);
        let redis = real.borrow().builder_at(&proxy.url()).command_timeout(SHORT).build().unwrap();
        runtime.block_on(async {
            for step in steps {
                match step {
                    // Whether it was carried out or not.
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
        // Also what the network still has.
        drop(redis);
        proxy.release();
        prop_assert_eq!(real.borrow_mut().by_hand::<String>("GET app:k"), postcard("last"));
        Ok(())
    });
    result.unwrap();
}
