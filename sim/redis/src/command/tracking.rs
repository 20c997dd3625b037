//! `CLIENT TRACKING` and related commands: client-side caching.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::arguments::{integer, is};
use super::{Answer, Call, ErrorReply};
use crate::error::printed;
use crate::resp::Reply;
use crate::session::{ConnectionId, TrackingMode};

pub(super) fn tracking(call: &mut Call<'_>) -> Answer {
    let (mode, prefixes) = parse(call)?;
    let switch = &call.words[2];
    if is(switch, "off") {
        call.server.stop_tracking(call.connection);
        return Ok(Reply::OK);
    }
    if !is(switch, "on") {
        return Err(ErrorReply::SYNTAX);
    }
    check(call.session().tracking.as_ref(), &mode, &prefixes)?;
    let mode = TrackingMode { prefixes: prefixes.into_iter().cloned().collect(), ..mode };
    call.server.start_tracking(call.connection, mode);
    Ok(Reply::OK)
}

fn parse<'a>(call: &Call<'a>) -> Result<(TrackingMode, Vec<&'a Bytes>), ErrorReply> {
    let mut mode = TrackingMode::default();
    let mut prefixes = Vec::new();
    let mut rest = &call.words[3..];
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        match (&word.to_ascii_lowercase()[..], after) {
            (b"redirect", [id, after @ ..]) => {
                if mode.redirect.is_some() {
                    let text = "ERR A client can only redirect to a single other client";
                    return Err(ErrorReply::fixed(text));
                }
                let id = u64::try_from(integer(id)?).map(ConnectionId).ok();
                mode.redirect = id.filter(|id| call.server.is_connected(*id));
                if mode.redirect.is_none() {
                    let text = "ERR The client ID you want redirect to does not exist";
                    return Err(ErrorReply::fixed(text));
                }
                rest = after;
            }
            (b"prefix", [prefix, after @ ..]) => {
                prefixes.push(prefix);
                rest = after;
            }
            (b"bcast", _) => mode.is_broadcast = true,
            (b"optin", _) => mode.opt_in = true,
            (b"optout", _) => mode.opt_out = true,
            (b"noloop", _) => mode.no_loop = true,
            _ => return Err(ErrorReply::SYNTAX),
        }
    }
    Ok((mode, prefixes))
}

/// Checks that the options are compatible with each other and with the connection's current mode.
fn check(old: Option<&TrackingMode>, new: &TrackingMode, prefixes: &[&Bytes]) -> Result<(), ErrorReply> {
    let fixed = |text| Err(ErrorReply::fixed(text));
    if !new.is_broadcast && !prefixes.is_empty() {
        return fixed("ERR PREFIX option requires BCAST mode to be enabled");
    }
    if old.is_some_and(|old| old.is_broadcast != new.is_broadcast) {
        return fixed(
            "ERR You can't switch BCAST mode on/off before disabling tracking for this client, \
             and then re-enabling it with a different mode.",
        );
    }
    if new.is_broadcast && (new.opt_in || new.opt_out) {
        return fixed("ERR OPTIN and OPTOUT are not compatible with BCAST");
    }
    if new.opt_in && new.opt_out {
        return fixed("ERR You can't specify both OPTIN mode and OPTOUT mode");
    }
    if old.is_some_and(|old| (new.opt_in && old.opt_out) || (new.opt_out && old.opt_in)) {
        return fixed(
            "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, \
             and then re-enabling it with a different mode.",
        );
    }
    let none = BTreeSet::new();
    overlap(old.map_or(&none, |old| &old.prefixes), prefixes)
}

/// Rejects prefixes of one connection that overlap.
fn overlap(old: &BTreeSet<Bytes>, new: &[&Bytes]) -> Result<(), ErrorReply> {
    let meet = |one: &Bytes, other: &Bytes| one.starts_with(other) || other.starts_with(one);
    let error = |prefix: &Bytes, what: &str, other: &Bytes| {
        let text: [&[u8]; 7] = [
            b"ERR Prefix '",
            printed(prefix),
            b"' overlaps with ",
            what.as_bytes(),
            b" prefix '",
            printed(other),
            b"'. Prefixes for a single client must not overlap.",
        ];
        Err(ErrorReply::new(text.concat()))
    };
    for (at, prefix) in new.iter().enumerate() {
        if let Some(other) = old.iter().find(|other| meet(prefix, other)) {
            return error(prefix, "an existing", other);
        }
        if let Some(other) = new[at + 1..].iter().find(|other| meet(prefix, other)) {
            return error(prefix, "another provided", other);
        }
    }
    Ok(())
}

pub(super) fn caching(call: &mut Call<'_>) -> Answer {
    let switch = &call.words[2];
    let Some(mode) = &mut call.session().tracking else {
        return Err(ErrorReply::fixed(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode \
             with OPTIN or OPTOUT mode enabled",
        ));
    };
    match () {
        () if is(switch, "yes") && !mode.opt_in => Err(ErrorReply::fixed(
            "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
        )),
        () if is(switch, "no") && !mode.opt_out => Err(ErrorReply::fixed(
            "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
        )),
        () if is(switch, "yes") || is(switch, "no") => {
            mode.caching = true;
            Ok(Reply::OK)
        }
        () => Err(ErrorReply::SYNTAX),
    }
}

/// `CLIENT GETREDIR`.
pub(super) fn redirection(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Integer(redirected_to(call)))
}

/// The number of the connection that receives the invalidations: 0 without a redirection, -1
/// without tracking.
fn redirected_to(call: &mut Call<'_>) -> i64 {
    match &call.session().tracking {
        None => -1,
        Some(mode) => mode.redirect.map_or(0, |to| to.number() as i64),
    }
}

/// `CLIENT TRACKINGINFO`.
pub(super) fn info(call: &mut Call<'_>) -> Answer {
    let redirect = redirected_to(call);
    let tracking = call.session().tracking.as_ref();
    let mode = tracking.cloned().unwrap_or_default();
    let flags = [
        (tracking.is_none(), "off"),
        (tracking.is_some(), "on"),
        (mode.is_broadcast, "bcast"),
        (mode.opt_in, "optin"),
        (mode.opt_in && mode.caching, "caching-yes"),
        (mode.opt_out, "optout"),
        (mode.opt_out && mode.caching, "caching-no"),
        (mode.no_loop, "noloop"),
        (mode.is_redirect_broken, "broken_redirect"),
    ];
    let flags = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| Reply::text(flag));
    let prefixes = mode.prefixes.into_iter().map(Reply::Bulk);
    Ok(Reply::Map(vec![
        (Reply::text("flags"), Reply::Set(flags.collect())),
        (Reply::text("redirect"), Reply::Integer(redirect)),
        (Reply::text("prefixes"), Reply::Array(prefixes.collect())),
    ]))
}
