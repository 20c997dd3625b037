//! A shop with one item left, and two buyers. `docs/engine-tutorial.md` explains how it sells two.

use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::{Explorer, thread};

fn buy(stock: &AtomicU32) -> bool {
    if stock.load(SeqCst) == 0 {
        return false;
    }
    stock.fetch_sub(1, SeqCst);
    true
}

/// Two buyers of the one item.
pub(crate) fn two_buyers() {
    let stock = Arc::new(AtomicU32::new(1));
    let other = Arc::clone(&stock);
    let buyer = thread::spawn(move || buy(&other));
    let sold = [buy(&stock), buyer.join().unwrap()];
    assert_ne!(sold, [true, true], "there was one item");
}

fn main() {
    Explorer::optimal().check(two_buyers);
}
