//! Server-wide commands: `FLUSHALL`, `TIME`, `INFO`, `CONFIG`.

use bytes::Bytes;

use super::arguments::is;
use super::connection::VERSION;
use super::{Answer, Call, ErrorReply};
use crate::glob::matches;
use crate::notify::Events;
use crate::pubsub::Topic;
use crate::resp::Reply;
use crate::server::{Policy, Server, Settings, parse_memory};
use crate::session::Session;

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

fn sections(call: &Call<'_>) -> [(&'static str, String); 9] {
    let server = &call.server;
    let count = |is: fn(&Session) -> bool| server.sessions.values().filter(|session| is(session)).count();
    let lines = |fields: &[(&str, &dyn std::fmt::Display)]| -> String {
        fields.iter().map(|(name, value)| format!("{name}:{value}\r\n")).collect()
    };
    let keyspace = server.databases.iter().enumerate().filter(|(_, database)| database.len() > 0);
    let keyspace = keyspace.map(|(index, database)| {
        format!("db{index}:keys={},expires={},avg_ttl=0\r\n", database.len(), database.deadlines())
    });
    let micros = server.now.micros();
    let used = server.used_memory();
    [
        (
            "Server",
            lines(&[
                ("redis_version", &VERSION),
                ("redis_git_sha1", &"00000000"),
                ("redis_git_dirty", &0),
                ("redis_mode", &"standalone"),
                ("os", &"selvedge"),
                ("arch_bits", &64),
                ("process_id", &1),
                ("run_id", &"0".repeat(40)),
                ("tcp_port", &0),
                ("server_time_usec", &micros),
                ("uptime_in_seconds", &0),
                ("uptime_in_days", &0),
                ("hz", &10),
            ]),
        ),
        (
            "Clients",
            lines(&[
                ("connected_clients", &server.sessions.len()),
                ("maxclients", &10000),
                ("blocked_clients", &count(|session| session.blocked.is_some())),
                ("tracking_clients", &count(|session| session.tracking.is_some())),
                ("pubsub_clients", &count(Session::is_subscriber)),
            ]),
        ),
        (
            "Memory",
            lines(&[
                ("used_memory", &used),
                ("used_memory_human", &human(used)),
                ("used_memory_rss", &used),
                ("used_memory_peak", &used),
                ("maxmemory", &server.settings.max_memory),
                ("maxmemory_human", &human(server.settings.max_memory)),
                ("maxmemory_policy", &server.settings.policy.name()),
            ]),
        ),
        (
            "Persistence",
            lines(&[
                ("loading", &0),
                ("async_loading", &0),
                ("rdb_changes_since_last_save", &0),
                ("rdb_bgsave_in_progress", &0),
                ("rdb_last_bgsave_status", &"ok"),
                ("aof_enabled", &0),
            ]),
        ),
        (
            "Stats",
            lines(&[
                ("evicted_keys", &server.evicted),
                ("pubsub_channels", &server.subscriptions.topics(Topic::Channel).count()),
                ("pubsub_patterns", &server.subscriptions.topics(Topic::Pattern).count()),
                ("pubsubshard_channels", &server.subscriptions.topics(Topic::Shard).count()),
            ]),
        ),
        (
            "Replication",
            lines(&[
                ("role", &"master"),
                ("connected_slaves", &0),
                ("master_replid", &"0".repeat(40)),
                ("master_repl_offset", &0),
            ]),
        ),
        ("CPU", lines(&[("used_cpu_sys", &"0.000000"), ("used_cpu_user", &"0.000000")])),
        ("Cluster", lines(&[("cluster_enabled", &0)])),
        ("Keyspace", keyspace.collect()),
    ]
}

/// A number of bytes with a unit, as Redis writes it.
fn human(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes}B"),
        1_024..1_048_576 => format!("{:.2}K", bytes as f64 / 1_024.0),
        1_048_576..1_073_741_824 => format!("{:.2}M", bytes as f64 / 1_048_576.0),
        _ => format!("{:.2}G", bytes as f64 / 1_073_741_824.0),
    }
}

/// The settings that `CONFIG SET` changes.
const CHANGEABLE: [&str; 4] = ["maxmemory", "maxmemory-policy", "notify-keyspace-events", "requirepass"];

/// The settings that `CONFIG GET` returns.
fn settings(settings: &Settings) -> [(&'static str, Bytes); 9] {
    let fixed = |text: &'static str| Bytes::from_static(text.as_bytes());
    [
        ("appendonly", fixed("no")),
        ("databases", fixed("16")),
        ("maxclients", fixed("10000")),
        ("maxmemory", settings.max_memory.to_string().into()),
        ("maxmemory-policy", fixed(settings.policy.name())),
        ("notify-keyspace-events", settings.events.letters().into()),
        ("requirepass", settings.password.clone()),
        ("save", Bytes::new()),
        ("timeout", fixed("0")),
    ]
}

pub(super) fn config_get(call: &mut Call<'_>) -> Answer {
    let patterns: Vec<_> = call.words[2..].iter().map(|pattern| pattern.to_ascii_lowercase()).collect();
    let settings = settings(&call.server.settings);
    let found = settings
        .into_iter()
        .filter(|(name, _)| patterns.iter().any(|pattern| matches(pattern, name.as_bytes())));
    Ok(Reply::Map(found.map(|(name, value)| (Reply::text(name), Reply::Bulk(value))).collect()))
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
        if !CHANGEABLE.iter().any(|known| is(name, known)) {
            let text = "ERR Unknown option or number of arguments for CONFIG SET - '";
            return Err(ErrorReply::about(text, name, "'"));
        }
        if settings().take(at).any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            return Err(failed(name, "duplicate parameter"));
        }
    }
    let Settings { mut events, mut max_memory, mut policy, .. } = call.server.settings;
    let mut password = None;
    for (name, value) in settings() {
        match () {
            () if is(name, "requirepass") => password = Some(value),
            () if is(name, "maxmemory") => {
                max_memory =
                    parse_memory(value).ok_or_else(|| failed(name, "argument must be a memory value"))?;
            }
            () if is(name, "maxmemory-policy") => {
                let text = || format!("argument(s) must be one of the following: {}", Policy::names());
                policy = Policy::parse(value).ok_or_else(|| failed(name, &text()))?;
            }
            () => {
                let text = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
                events = Events::parse(value).ok_or_else(|| failed(name, text))?;
            }
        }
    }
    let settings = &mut call.server.settings;
    (settings.events, settings.max_memory, settings.policy) = (events, max_memory, policy);
    if let Some(password) = password {
        require_password(call.server, password);
    }
    Ok(Reply::OK)
}

/// Sets the password of the user `default`; an empty one removes it.
fn require_password(server: &mut Server, password: &Bytes) {
    let name = Bytes::from_static(b"default");
    let mut user = server.users.get(&name).cloned().unwrap_or_default();
    let modifier = if password.is_empty() { b"nopass".to_vec() } else { [b">", &password[..]].concat() };
    // A password is never an invalid modifier.
    for modifier in [&b"resetpass"[..], &modifier] {
        _ = user.modify(modifier);
    }
    server.users.set(&name, user);
    server.settings.password = password.clone();
}
