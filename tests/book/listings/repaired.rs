use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::{Explorer, thread};

fn buy(stock: &AtomicU32) -> bool {
    let mut seen = stock.load(SeqCst);
    while seen > 0 {
        match stock.compare_exchange(seen, seen - 1, SeqCst, SeqCst) {
            Ok(_) => return true,
            Err(now) => seen = now,
        }
    }
    false
}

fn two_buyers() {
    let stock = Arc::new(AtomicU32::new(1));
    let other = Arc::clone(&stock);
    let buyer = thread::spawn(move || buy(&other));
    let sold = [buy(&stock), buyer.join().unwrap()];
    assert_ne!(sold, [true, true], "there was one item");
}

#[test]
fn two_buyers_in_every_order() {
    let report = Explorer::optimal().check(two_buyers);
    assert_eq!(report.verdict().to_string(), "complete: nothing went wrong in 4 executions");
}
