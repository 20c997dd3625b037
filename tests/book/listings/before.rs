use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

fn buy(stock: &AtomicU32) -> bool {
    if stock.load(SeqCst) == 0 {
        return false;
    }
    stock.fetch_sub(1, SeqCst);
    true
}

#[test]
#[ignore = "rarely fails, which is the point of the page"]
fn two_buyers() {
    let stock = Arc::new(AtomicU32::new(1));
    let other = Arc::clone(&stock);
    let buyer = thread::spawn(move || buy(&other));
    let sold = [buy(&stock), buyer.join().unwrap()];
    assert_ne!(sold, [true, true], "there was one item");
}
