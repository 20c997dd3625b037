//! epoll: sets of descriptors with the events that have occurred at them.

use std::cell::RefCell;
use std::rc::Rc;

use selvedge_engine::native::{self, HUNG_UP, READABLE, SET_SLOTS, Slot, WRITABLE, Waits};

use super::event::{self, Caller};
use super::stream::Endpoint;
use super::table::{self, Description, Key, Kind};
use crate::effects;
use crate::site::CallFrame;

/// An epoll.
pub(crate) struct Epoll {
    /// The location of its set of events.
    location: u32,
    slots: RefCell<Vec<Option<Interest>>>,
}

/// A registered descriptor.
#[derive(Clone, Copy, Debug)]
struct Interest {
    /// The events that the program waits for, as epoll's flags.
    flags: u32,
    /// The program's own number.
    data: u64,
}

/// An event for the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occurred {
    pub(crate) flags: u32,
    pub(crate) data: u64,
}

type Result<T> = std::result::Result<T, i32>;

/// Creates an epoll.
pub(crate) fn create() -> Result<i32> {
    let new = |key: Key| {
        let location = event::memory().endpoint(key.part(0).0, "an epoll");
        Kind::Epoll(Epoll { location, slots: RefCell::new(vec![None; SET_SLOTS as usize]) })
    };
    Ok(table::open(false, new))
}

/// Changes the registration of a descriptor.
pub(crate) fn register(
    epoll: i32,
    operation: i32,
    descriptor: i32,
    flags: u32,
    data: u64,
    frame: *const CallFrame,
) -> Result<()> {
    let (set, target) = (table::get(epoll).ok_or(libc::EBADF)?, table::get(descriptor).ok_or(libc::EBADF)?);
    let Kind::Epoll(epoll) = &set.kind else { return Err(libc::EINVAL) };
    let flags = flags & !(libc::EPOLLEXCLUSIVE as u32);
    let new = match operation {
        libc::EPOLL_CTL_DEL => None,
        _ => Some(Interest { flags, data }),
    };
    if new.is_some() && flags & libc::EPOLLET as u32 == 0 {
        effects::incomplete(
            "the program registers a descriptor in epoll without EPOLLET: such events are delivered once"
                .to_owned(),
        );
    }
    with_endpoint(&target, |end| event::perform(frame, |caller| epoll.change(end, operation, new, caller)))
        .unwrap_or(Err(libc::EPERM))
}

/// The endpoint of a description: a socket that is connected, or a counter.
fn with_endpoint<R>(description: &Description, act: impl FnOnce(&Endpoint) -> R) -> Option<R> {
    match &description.kind {
        Kind::Socket(socket) => socket.with_endpoint(act),
        Kind::Counter(end) => Some(act(end)),
        Kind::Epoll(_) => None,
    }
}

/// Removes the registration of a description that is closed.
pub(super) fn forget(description: &Description, caller: Caller) {
    let slot = with_endpoint(description, |end| end.slot.get()).flatten();
    let Some(Slot { set, .. }) = slot else { return };
    if let Some(holder) = table::epoll_at(set)
        && let Kind::Epoll(epoll) = &holder.kind
    {
        with_endpoint(description, |end| epoll.change(end, libc::EPOLL_CTL_DEL, None, caller));
    }
}

impl Epoll {
    pub(super) fn location(&self) -> u32 {
        self.location
    }

    fn change(&self, end: &Endpoint, operation: i32, new: Option<Interest>, caller: Caller) -> Result<()> {
        let mut result = Ok(());
        let decide = |set: u64, present: u64| {
            let mut slots = self.slots.borrow_mut();
            let own = end.slot.get().filter(|slot| slot.set == self.location).map(|slot| slot.index as usize);
            let index = match (operation, own) {
                (libc::EPOLL_CTL_ADD, Some(_)) => Err(libc::EEXIST),
                (libc::EPOLL_CTL_ADD, None) if end.slot.get().is_some() => Err(libc::ENOSPC),
                (libc::EPOLL_CTL_ADD, None) => slots.iter().position(Option::is_none).ok_or(libc::ENOSPC),
                (_, Some(index)) => Ok(index),
                (_, None) => Err(libc::ENOENT),
            };
            let index = match index {
                Ok(index) => index,
                Err(error) => {
                    result = Err(error);
                    return set;
                }
            };
            slots[index] = new;
            end.slot.set(new.map(|_| Slot { set: self.location, index: index as u32 }));
            let selected = new.map_or(0, |interest| present & interest.events());
            set & !(7 << (3 * index)) | selected << (3 * index)
        };
        caller.memory.change_set(self.location, end.location, caller.source, decide);
        if result == Err(libc::ENOSPC) {
            effects::incomplete(format!(
                "the program registers a descriptor in two epolls, or more than {SET_SLOTS} in one"
            ));
        }
        result
    }

    /// The events in the bits of the set, in the order of slots, at most `most`; and the bits of
    /// the others.
    fn occurred(&self, set: u64, most: usize) -> (Vec<Occurred>, u64) {
        let mut slots = self.slots.borrow_mut();
        let (mut all, mut left) = (Vec::new(), 0);
        for (index, interest) in slots.iter_mut().enumerate() {
            let Some(its) = interest else { continue };
            let events = set >> (3 * index) & its.events();
            if events == 0 {
                continue;
            }
            if all.len() == most {
                left |= events << (3 * index);
                continue;
            }
            all.push(Occurred { flags: flags(events, its.flags), data: its.data });
            if its.flags & libc::EPOLLONESHOT as u32 != 0 {
                its.flags &= !EVENTS;
            }
        }
        (all, left)
    }
}

/// The flags of epoll that select events.
const EVENTS: u32 = (libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP) as u32;

impl Interest {
    /// The selected events, as bits of a slot.
    fn events(self) -> u64 {
        let bit = |flag: i32, event: u64| if self.flags & flag as u32 != 0 { event } else { 0 };
        bit(libc::EPOLLIN, READABLE) | bit(libc::EPOLLOUT, WRITABLE) | bit(libc::EPOLLRDHUP, HUNG_UP)
    }
}

/// The flags for the bits of a slot.
fn flags(events: u64, selected: u32) -> u32 {
    let bit = |event: u64, flag: i32| if events & event != 0 { flag as u32 & selected } else { 0 };
    bit(READABLE, libc::EPOLLIN) | bit(WRITABLE, libc::EPOLLOUT) | bit(HUNG_UP, libc::EPOLLRDHUP)
}

/// Waits for events: at most `most`, for `milliseconds` (negative: without a deadline).
pub(crate) fn wait(
    epoll: i32,
    most: usize,
    milliseconds: i32,
    frame: *const CallFrame,
) -> Result<Vec<Occurred>> {
    let set: Rc<Description> = table::get(epoll).ok_or(libc::EBADF)?;
    let Kind::Epoll(epoll) = &set.kind else { return Err(libc::EINVAL) };
    let location = epoll.location;
    let deadline = u64::try_from(milliseconds)
        .ok()
        .map(|time| native::known_time().saturating_add(time.saturating_mul(1_000_000)));
    Ok(event::perform(frame, |caller| {
        let wait = |waits| caller.memory.wait_for_set(location, waits, caller.source);
        let bits = match deadline {
            None => wait(Waits::Forever).0,
            Some(_) if milliseconds == 0 => wait(Waits::Tries).0,
            Some(deadline) => event::until(deadline, caller, wait),
        };
        let (occurred, left) = epoll.occurred(bits, most);
        if left != 0 {
            caller.memory.put_back(location, left, caller.source);
        }
        occurred
    }))
}
