//! Server-wide commands: `FLUSHALL`, `TIME`, `INFO`, `CONFIG`.

use bytes::Bytes;

use super::arguments::is;
use super::connection::VERSION;
use super::{Answer, Call, ErrorReply};
use crate::glob::matches;
use crate::notify::Events;
use crate::resp::Reply;

pub(super) fn flushall(call: &mut Call<'_>) -> Answer {
    flush(call, 0..call.server.databases.len())
}

pub(super) fn flushdb(call: &mut Call<'_>) -> Answer {
    flush(call, call.database..call.database + 1)
}

fn flush(call: &mut Call<'_>, databases: std::ops::Range<usize>) -> Answer {
    match &call.words[1..] {
        [] => {}
        [how] if is(how, "sync") || is(how, "async") => {}
        _ => return Err(ErrorReply::SYNTAX),
    }
    call.server.flush(databases);
    Ok(Reply::OK)
}

pub(super) fn time(call: &mut Call<'_>) -> Answer {
    let micros = call.server.now.micros();
    let parts = [micros / 1_000_000, micros % 1_000_000];
    Ok(Reply::Array(parts.map(|part| Reply::bulk(part.to_string())).into()))
}

/// `INFO`: the sections that clients read. It has no counter of commands: every command would
/// change the counter, so no two commands would commute.
pub(super) fn info(call: &mut Call<'_>) -> Answer {
    let asked: Vec<_> = call.words[1..].iter().map(|section| section.to_ascii_lowercase()).collect();
    let wants_all = asked.is_empty()
        || asked.iter().any(|section| matches!(&section[..], b"all" | b"default" | b"everything"));
    let sections = sections(call);
    let chosen = sections.iter().filter(|(name, _)| {
        wants_all || asked.iter().any(|section| section == name.to_ascii_lowercase().as_bytes())
    });
    let text: Vec<_> = chosen.map(|(name, lines)| format!("# {name}\r\n{lines}")).collect();
    Ok(Reply::Verbatim(*b"txt", text.join("\r\n").into()))
}

fn sections(call: &Call<'_>) -> [(&'static str, String); 5] {
    let server = &call.server;
    let subscribers = server.sessions.values().filter(|session| session.is_subscriber()).count();
    let trackers = server.sessions.values().filter(|session| session.tracking.is_some()).count();
    let line = |name: &str, value: &dyn std::fmt::Display| format!("{name}:{value}\r\n");
    let keyspace = server.databases.iter().enumerate().filter(|(_, database)| database.len() > 0);
    let keyspace = keyspace.map(|(index, database)| {
        format!("db{index}:keys={},expires={},avg_ttl=0\r\n", database.len(), database.deadlines())
    });
    [
        ("Server", line("redis_version", &VERSION) + &line("redis_mode", &"standalone")),
        (
            "Clients",
            line("connected_clients", &server.sessions.len())
                + &line("tracking_clients", &trackers)
                + &line("pubsub_clients", &subscribers),
        ),
        (
            "Stats",
            line("pubsub_channels", &server.subscriptions.channels())
                + &line("pubsub_patterns", &server.subscriptions.patterns()),
        ),
        ("Replication", line("role", &"master") + &line("connected_slaves", &0)),
        ("Keyspace", keyspace.collect()),
    ]
}

/// The settings that `CONFIG GET` returns. Only `notify-keyspace-events` can be changed.
fn settings(events: Events) -> [(&'static str, String); 6] {
    [
        ("appendonly", "no".to_owned()),
        ("databases", "16".to_owned()),
        ("maxmemory", "0".to_owned()),
        ("maxmemory-policy", "noeviction".to_owned()),
        ("notify-keyspace-events", events.letters()),
        ("save", String::new()),
    ]
}

pub(super) fn config_get(call: &mut Call<'_>) -> Answer {
    let patterns: Vec<_> = call.words[2..].iter().map(|pattern| pattern.to_ascii_lowercase()).collect();
    let settings = settings(call.server.settings.events);
    let found = settings
        .into_iter()
        .filter(|(name, _)| patterns.iter().any(|pattern| matches(pattern, name.as_bytes())));
    Ok(Reply::Map(found.map(|(name, value)| (Reply::text(name), Reply::bulk(value))).collect()))
}

pub(super) fn config_set(call: &mut Call<'_>) -> Answer {
    if !call.words.len().is_multiple_of(2) {
        return Err(ErrorReply::SYNTAX);
    }
    let settings = || call.words[2..].chunks_exact(2).map(|pair| (&pair[0], &pair[1]));
    let failed = |name: &Bytes, why: &str| {
        let after = format!("') - {why}");
        ErrorReply::about("ERR CONFIG SET failed (possibly related to argument '", name, &after)
    };
    // Redis checks all names before the first value, and reports the first invalid name.
    for (at, (name, _)) in settings().enumerate() {
        if !is(name, "notify-keyspace-events") {
            let text = "ERR Unknown option or number of arguments for CONFIG SET - '";
            return Err(ErrorReply::about(text, name, "'"));
        }
        if settings().take(at).any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            return Err(failed(name, "duplicate parameter"));
        }
    }
    let mut events = call.server.settings.events;
    for (name, value) in settings() {
        events = Events::parse(value)
            .ok_or_else(|| failed(name, "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."))?;
    }
    call.server.settings.events = events;
    Ok(Reply::OK)
}
