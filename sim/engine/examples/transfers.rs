//! Two transfers between two accounts, in opposite directions: the first program of the README.

use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Explorer, thread};

/// Each transfer locks the account that it debits, and then the other.
pub(crate) fn transfers() {
    let accounts = Arc::new([Mutex::named("alice's", 10), Mutex::named("bob's", 10)]);
    let transfer = |accounts: &[Mutex<u32>; 2], from: usize, to: usize| {
        let (mut from, mut to) = (accounts[from].lock().unwrap(), accounts[to].lock().unwrap());
        (*from, *to) = (*from - 1, *to + 1);
    };
    let other = Arc::clone(&accounts);
    thread::spawn(move || transfer(&other, 0, 1));
    transfer(&accounts, 1, 0);
}

fn main() {
    Explorer::optimal().check(transfers);
}
