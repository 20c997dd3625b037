use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::{Explorer, thread};

fn buy(stock: &AtomicU32) -> bool {
    if stock.load(SeqCst) == 0 {
        return false;
    }
    stock.fetch_sub(1, SeqCst);
    true
}

fn two_buyers() {
    let stock = Arc::new(AtomicU32::new(1));
    let other = Arc::clone(&stock);
    let buyer = thread::spawn(move || buy(&other));
    let sold = [buy(&stock), buyer.join().unwrap()];
    assert_ne!(sold, [true, true], "there was one item");
}

#[test]
#[should_panic(expected = "there was one item")]
fn two_buyers_in_every_order() {
    Explorer::optimal().check(two_buyers);
}

#[test]
#[should_panic(expected = "there was one item")]
fn the_same_order_again() {
    Explorer::replay("s1:ab2a".parse().unwrap()).check(two_buyers);
}
