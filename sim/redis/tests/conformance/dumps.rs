//! Serialized values of each server, read by the other.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use selvedge_redis::{Command, Reply, Server, Time};
use selvedge_redis_server::RedisServer;

use crate::wire::Wire;

/// Commands that create the key `k`.
pub(crate) fn values() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let text = prop_oneof![
        3 => (any::<i64>(), 0..60u32).prop_map(|(number, by)| (number >> by).to_string().into_bytes()),
        2 => prop::collection::vec(any::<u8>(), 0..40),
        1 => ("[ab]{1,4}", 1..400usize).prop_map(|(text, times)| text.repeat(times).into_bytes()),
    ];
    let score = any::<i32>().prop_map(|number| (f64::from(number) / 8.0).to_string().into_bytes());
    let command = |name: &str, parts: Vec<Vec<u8>>| {
        [name.as_bytes().to_vec(), b"k".to_vec()].into_iter().chain(parts).collect::<Vec<_>>()
    };
    let many = prop_oneof![9 => 1..12usize, 1 => 100..300usize];
    many.prop_flat_map(move |count| {
        let texts = prop::collection::vec(text.clone(), count);
        let pairs = prop::collection::vec((text.clone(), text.clone()), count);
        let scored = prop::collection::vec((score.clone(), text.clone()), count);
        let numbers = prop::collection::vec((any::<i64>(), 0..60u32), count);
        prop_oneof![
            text.clone().prop_map(move |text| command("SET", vec![text])),
            texts.clone().prop_map(move |texts| command("RPUSH", texts)),
            texts.prop_map(move |texts| command("SADD", texts)),
            numbers.prop_map(move |numbers| {
                let text = |(number, by): (i64, u32)| (number >> by).to_string().into_bytes();
                command("SADD", numbers.into_iter().map(text).collect())
            }),
            pairs
                .prop_map(move |pairs| command("HSET", pairs.into_iter().flat_map(<[_; 2]>::from).collect())),
            scored
                .prop_map(move |pairs| command("ZADD", pairs.into_iter().flat_map(<[_; 2]>::from).collect())),
        ]
    })
}

/// For each type of value, the commands that read the key `k`.
const READS: [&[&str]; 6] = [
    &["TYPE", "k"],
    &["GET", "k"],
    &["LRANGE", "k", "0", "-1"],
    &["SORT", "k", "ALPHA"],
    &["HGETALL", "k"],
    &["ZRANGE", "k", "0", "-1", "WITHSCORES"],
];

pub(crate) fn compare(real: &RedisServer, create: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let mut theirs = Wire::connect(&real.socket());
    let mut server = Server::new();
    let connection = server.connect();
    let mut ours = |words: &[Vec<u8>]| {
        let mut bytes = Vec::new();
        let output = server.execute(connection, &Command::new(words), Time::START);
        output.deliveries.iter().for_each(|delivery| delivery.encode(&mut bytes));
        crate::wire::decode(&bytes).map(|(reply, _)| reply).unwrap_or(Reply::Null)
    };
    theirs.call(&["FLUSHALL"]);
    let words = |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
    let content = |call: &mut dyn FnMut(&[Vec<u8>]) -> Reply| {
        READS.map(|read| crate::exceptions::sorted(&call(&words(read))))
    };
    ours(create);
    theirs.call(create);
    let expected = content(&mut |words| theirs.call(words));
    prop_assert_eq!(&content(&mut ours), &expected, "{:?}", create);
    let dump = words(&["DUMP", "k"]);
    let [own, their] = [ours(&dump), theirs.call(&dump)];
    let restore = |payload: Reply| {
        let Reply::Bulk(payload) = payload else { panic!("expected a payload, got {payload:?}") };
        let mut words = words(&["RESTORE", "k", "0", "", "REPLACE"]);
        words[3] = payload.to_vec();
        words
    };
    prop_assert_eq!(theirs.call(&restore(own)), Reply::OK, "{:?}", create);
    prop_assert_eq!(&content(&mut |words| theirs.call(words)), &expected, "{:?}", create);
    prop_assert_eq!(ours(&restore(their)), Reply::OK, "{:?}", create);
    prop_assert_eq!(&content(&mut ours), &expected, "{:?}", create);
    Ok(())
}
