//! Loads that several callers share.

use super::cache::{Call, Flight, note_of};
use crate::backends::amend_note;
use crate::history::{Key, Value};
use crate::protocols::Failure;
use crate::script::{Data, Event, Ran};
use crate::trace::Place;
use selvedge::Remote;
use selvedge::remote::Outcome;
use selvedge::sync::Map as _;
use selvedge_engine::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

impl<R: Remote<Key, Value, Error = Failure> + 'static> Call<'_, R> {
    /// Joins the flight of the name, or leads a new one.
    pub(super) fn join_flight(&mut self) -> Ran<Result<Option<Event>, Failure>> {
        let key = self.key(&self.machine.arguments()[0].clone())?;
        let (task, event) = selvedge_engine::next_event();
        // The same name in every schedule in which the task has the same number of events.
        let own = Flight {
            name: Key::new(&format!("{key} of task {task}, event {event}")),
            has_landed: Arc::new(AtomicBool::new(false)),
        };
        let joined = self.cache.flights.update(key, |flight| match flight {
            Some(flight) => Some(flight.clone()),
            None => {
                *flight = Some(own.clone());
                None
            }
        });
        note_of(Place::Other, || match &joined {
            Some(_) => format!("waits for the load of {key}"),
            None => format!("leads the load of {key}"),
        });
        let Some(flight) = joined else {
            self.leads.push((key, own));
            self.machine.lead(&self.cache.script.code)?;
            return Ok(Ok(None));
        };
        flight.has_landed.wait_until(|has_landed| has_landed);
        note_of(Place::Other, || format!("the load of {key} has ended"));
        match self.cache.results.get(&flight.name).flatten() {
            Some(data) => {
                amend_note(|| {
                    format!(
                        "receives {}",
                        data.stored().map_or_else(|| data.to_string(), |its| its.to_string())
                    )
                });
                let value = self.machine.thaw(&data)?;
                self.machine.resume(value);
                Ok(Ok(None))
            }
            None => Ok(Err(Failure { outcome: Outcome::Unknown })),
        }
    }

    /// Ends a flight with this result. Later callers begin a new one.
    pub(super) fn land(&self, key: Key, flight: &Flight, result: Option<Data>) {
        let cache = self.cache;
        cache.results.insert(flight.name, result.clone());
        amend_note(|| match &result {
            Some(data) => {
                format!("shares {}", data.stored().map_or_else(|| data.to_string(), |its| its.to_string()))
            }
            None => "shares a failure".to_owned(),
        });
        cache.flights.remove(&key);
        note_of(Place::Other, || format!("ends the load of {key}"));
        flight.has_landed.store(true, Ordering::SeqCst);
        note_of(Place::Other, || format!("notifies the callers of {key}"));
    }
}
