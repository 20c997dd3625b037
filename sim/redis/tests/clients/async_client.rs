//! redis-rs' async client.

use std::time::Duration;

use redis::caching::CacheConfig;
use redis::{AsyncCommands, AsyncConnectionConfig, ProtocolVersion, PushKind};
use selvedge_redis::Redis;
use tokio::sync::mpsc;

use crate::listening::on_port;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the runtime starts");
    runtime.block_on(future)
}

#[test]
fn commands_and_pipelines() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    block_on(async {
        let mut connection =
            client.get_multiplexed_async_connection().await.expect("the server accepts connections");
        connection.set::<_, _, ()>("k", "v").await.expect("the command succeeds");
        assert_eq!(connection.get::<_, String>("k").await.expect("the command succeeds"), "v");
        let mut pipeline = redis::pipe();
        pipeline.atomic().get("k").append("k", "w").get("k");
        let (before, length, after): (String, i64, String) =
            pipeline.query_async(&mut connection).await.expect("the pipeline succeeds");
        assert_eq!((before.as_str(), length, after.as_str()), ("v", 2, "vw"));
    });
}

#[test]
fn a_connection_manager_reconnects() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    block_on(async {
        let mut manager = client.get_connection_manager().await.expect("the server accepts connections");
        redis::cmd("QUIT").exec_async(&mut manager).await.expect("the command succeeds");
        // The first command may discover that the connection is closed.
        let mut replies = Vec::new();
        for _ in 0..3 {
            replies.push(manager.set::<_, _, ()>("k", "v").await);
        }
        assert!(replies.last().is_some_and(Result::is_ok), "{replies:?}");
        assert_eq!(redis.get("k").expect("the key was set"), "v");
    });
}

#[test]
fn messages() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    block_on(async {
        let mut subscriber = client.get_async_pubsub().await.expect("the server accepts connections");
        subscriber.subscribe("news").await.expect("the command succeeds");
        redis.publish("news", "hello");
        let message = next_message(&mut subscriber).await;
        assert_eq!(message.get_payload::<String>().expect("text"), "hello");
    });
}

/// Waits for the next message of a subscriber.
async fn next_message(subscriber: &mut redis::aio::PubSub) -> redis::Msg {
    use std::pin::pin;

    use futures::StreamExt;

    pin!(subscriber.on_message()).next().await.expect("the connection is open")
}

#[test]
fn messages_of_resp3() {
    let redis = Redis::new();
    let (_listener, client) = resp3(&redis);
    block_on(async {
        let (sender, mut pushes) = mpsc::unbounded_channel();
        let config = AsyncConnectionConfig::new().set_push_sender(sender);
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .expect("the server accepts connections");
        connection.subscribe(&["news", "sport"]).await.expect("the command succeeds");
        redis.publish("sport", "1:0");
        let kinds = [PushKind::Subscribe, PushKind::Subscribe, PushKind::Message];
        for kind in kinds {
            assert_eq!(pushes.recv().await.expect("a push has arrived").kind, kind);
        }
        connection.set::<_, _, ()>("k", "v").await.expect("the connection still executes commands");
    });
}

fn resp3(redis: &Redis) -> (selvedge_redis::Listener, redis::Client) {
    use redis::IntoConnectionInfo;

    let (listener, _) = on_port(redis);
    let info = listener.address().to_string().into_connection_info().expect("a valid URL");
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let client = redis::Client::open(info.set_redis_settings(settings)).expect("a valid URL");
    (listener, client)
}

#[test]
fn a_client_side_cache() {
    let redis = Redis::new();
    redis.set("k", "old");
    let (_listener, client) = resp3(&redis);
    block_on(async {
        let config = AsyncConnectionConfig::new().set_cache_config(CacheConfig::new());
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .expect("the server accepts connections");
        for _ in 0..3 {
            assert_eq!(connection.get::<_, String>("k").await.expect("the command succeeds"), "old");
        }
        let gets = || redis.commands().iter().filter(|sent| sent.command.name() == "GET").count();
        assert_eq!(gets(), 1, "{:?}", redis.commands());

        redis.set("k", "new");
        // The invalidation is sent before this reply.
        redis::cmd("PING").exec_async(&mut connection).await.expect("the command succeeds");
        assert_eq!(connection.get::<_, String>("k").await.expect("the command succeeds"), "new");
        assert_eq!(gets(), 2);

        connection.set_ex::<_, _, ()>("short", "v", 1).await.expect("the command succeeds");
        assert_eq!(
            connection.get::<_, Option<String>>("short").await.expect("the command succeeds").as_deref(),
            Some("v")
        );
        redis.advance(Duration::from_secs(2));
        redis::cmd("PING").exec_async(&mut connection).await.expect("the command succeeds");
        assert_eq!(connection.get::<_, Option<String>>("short").await.expect("the command succeeds"), None);
    });
}
