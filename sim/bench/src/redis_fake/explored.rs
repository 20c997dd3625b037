//! Events per second of the simulated Redis under the engine.

use std::time::{Duration, Instant};

use redis::Commands;
use selvedge_engine::{Explorer, thread};
use selvedge_redis::Redis;

use super::row::ExploredRow;

/// Explores `clients` clients, each with a GET and a SET of a counter, until all schedules have run
/// or the time limit is reached.
pub(super) fn explore(clients: usize, time: Duration) -> ExploredRow {
    let start = Instant::now();
    let report = Explorer::optimal().max_time(time).run(move || {
        let redis = Redis::explored();
        for _ in 0..clients {
            let mut connection = redis.connection();
            thread::spawn(move || {
                let count: Option<i64> = connection.get("count").expect("no faults are injected");
                connection.set::<_, _, ()>("count", count.unwrap_or(0) + 1).expect("no faults are injected");
            });
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    ExploredRow {
        program: format!("{clients} clients count"),
        schedules: report.executions,
        complete: report.is_complete(),
        events: report.events,
        events_per_second: report.events as f64 / seconds,
        schedules_per_second: report.executions as f64 / seconds,
    }
}
