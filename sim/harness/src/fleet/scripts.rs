//! The scripts that the server executes. Each reply begins with the state of the job: `open`, how
//! it ended, or `lost`.
//!
//! `KEYS`: the job, the claimed states, the open states, the queue, the leases, the tasks.
//! `ARGV[1]`: the generation.

/// A script that changes nothing unless the job is open and has this generation.
macro_rules! guarded {
    ($body:literal) => {
        concat!(
            r"
local job, seen, open, queue, taken, tasks = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
if redis.call('HGET', job, 'generation') ~= ARGV[1] then return {'lost'} end
local state = redis.call('HGET', job, 'state')
if state ~= 'open' then return {state} end
",
            $body
        )
    };
}

/// Joins the job, or creates it with the start of the search as its only open state. `ARGV`: a new
/// generation, the build, the case, the server, the TTL in seconds. Replies with the state, the
/// generation and the server of the job; or with `other` and the differing part.
pub(super) const JOIN: &str = r"
local job, state = KEYS[1], redis.call('HGET', KEYS[1], 'state')
if state then
  local build = redis.call('HGET', job, 'build') == ARGV[2]
  local case = redis.call('HGET', job, 'case') == ARGV[3]
  if build and case and state ~= 'broken' then
    return {state, redis.call('HGET', job, 'generation'), redis.call('HGET', job, 'server')}
  end
  if state == 'open' then return {'other', build and 'case' or 'build'} end
end
redis.call('DEL', unpack(KEYS))
redis.call('HSET', job, 'generation', ARGV[1], 'build', ARGV[2], 'case', ARGV[3], 'server', ARGV[4],
  'ttl', ARGV[5], 'claimed', 1, 'acked', 0, 'state', 'open')
redis.call('HSET', KEYS[3], 'start', '')
redis.call('RPUSH', KEYS[4], 'start')
if tonumber(ARGV[5]) > 0 then
  for i = 1, 4 do redis.call('EXPIRE', KEYS[i], ARGV[5]) end
end
return {'open', ARGV[1], ARGV[4]}
";

/// Claims states. `ARGV`: the id and the path of each. The set is written last: if the server fails
/// within the script, the numbers of states in the set and in the count differ.
pub(super) const CLAIM: &str = guarded!(
    r"
for i = 2, #ARGV, 2 do
  local id = ARGV[i]
  if redis.call('SISMEMBER', seen, id) == 0 then
    redis.call('HSET', open, id, ARGV[i + 1])
    redis.call('RPUSH', queue, id)
    redis.call('HINCRBY', job, 'claimed', 1)
    redis.call('SADD', seen, id)
  end
end
return {state}
"
);

/// Acknowledges states. `ARGV`: whether a read has overlapped or followed a write, the first
/// failure, bounds, one a line; then for each state its id, the numbers of its steps and
/// executions, its findings, and their schedule.
pub(super) const ACKNOWLEDGE: &str = guarded!(
    r"
local function least(field, value)
  local known = redis.call('HGET', job, field)
  if value ~= '' and (not known or value < known) then redis.call('HSET', job, field, value) end
end
if ARGV[2] ~= '' then redis.call('HSET', job, 'met', 1) end
least('failure', ARGV[3])
for bound in string.gmatch(ARGV[4], '[^\n]+') do redis.call('HSET', job, 'bound:' .. bound, 1) end
for i = 5, #ARGV, 5 do
  local id = ARGV[i]
  if redis.call('HDEL', open, id) == 1 then
    redis.call('ZREM', taken, id)
    redis.call('HINCRBY', job, 'acked', 1)
    redis.call('HINCRBY', job, 'transitions', ARGV[i + 1])
    redis.call('HINCRBY', job, 'executions', ARGV[i + 2])
    for kind in string.gmatch(ARGV[i + 3], '%d+') do
      redis.call('HINCRBY', job, 'found:' .. kind, 1)
      least('shows:' .. kind, ARGV[i + 4])
    end
  end
end
return {state}
"
);

/// Takes open states: from the end of the queue, at most half of them, or else those whose lease
/// has expired. `ARGV`: the largest number, and the lease in milliseconds. Replies with the numbers
/// of claimed and acknowledged states, and with the id and the path of each taken state.
pub(super) const TAKE: &str = guarded!(
    r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most = math.min(tonumber(ARGV[2]), math.ceil(redis.call('LLEN', queue) / 2))
local ids = {}
for i = 1, most do ids[i] = redis.call('RPOP', queue) end
if most == 0 then
  ids = redis.call('ZRANGEBYSCORE', taken, '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[2])
end
local reply = {state, redis.call('HGET', job, 'claimed'), redis.call('HGET', job, 'acked')}
for i, id in ipairs(ids) do
  redis.call('ZADD', taken, string.format('%.0f', now + ARGV[3]), id)
  reply[#reply + 1] = id
  reply[#reply + 1] = redis.call('HGET', open, id) or ''
end
local ttl = redis.call('HGET', job, 'ttl')
if tonumber(ttl) > 0 then
  for i = 1, 6 do redis.call('EXPIRE', KEYS[i], ttl) end
end
return reply
"
);

/// Ends the job if all claimed states are acknowledged, and none is missing.
pub(super) const FINISH: &str = guarded!(
    r"
local claimed = tonumber(redis.call('HGET', job, 'claimed'))
if claimed ~= tonumber(redis.call('HGET', job, 'acked')) then return {state} end
local left = redis.call('HLEN', open) + redis.call('LLEN', queue) + redis.call('ZCARD', taken)
if left == 0 and redis.call('SCARD', seen) == claimed - 1 then
  state = 'done'
else
  state = 'broken'
  redis.call('HSET', job, 'why', 'the server has lost a part of the states')
end
redis.call('HSET', job, 'state', state)
redis.call('DEL', seen, open, queue, taken, tasks)
return {state}
"
);

/// Ends the job early. `ARGV`: the state, and the reason.
pub(super) const END: &str = guarded!(
    r"
redis.call('HSET', job, 'state', ARGV[2], 'why', ARGV[3])
redis.call('DEL', seen, open, queue, taken, tasks)
return {ARGV[2]}
"
);

/// The number of a task, from 1. `ARGV`: its name.
pub(super) const NUMBER: &str = guarded!(
    r"
local number = redis.call('HGET', tasks, ARGV[2])
if not number then
  number = redis.call('HLEN', tasks) + 1
  redis.call('HSET', tasks, ARGV[2], number)
end
return {state, tostring(number)}
"
);

/// The fields of the job, also after its end.
pub(super) const OUTCOME: &str = r"
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return {'lost'} end
return redis.call('HGETALL', KEYS[1])
";
