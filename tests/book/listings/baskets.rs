use std::error::Error;
use std::time::Duration;

use selvedge::{TieredCache, remote::Redis};

async fn baskets() -> Result<(), Box<dyn Error>> {
    let redis = Redis::builder("redis://127.0.0.1/").prefix("shop:v1:").build()?;
    let cache = TieredCache::builder(redis)
        .local_ttl(Duration::from_secs(30))
        .remote_ttl(Duration::from_secs(3_600))
        .max_entries(100_000) // of the local tier
        .build();
    let (key, basket) = (String::from("basket:7"), vec![String::from("tea")]);
    cache.set(&key, &basket).await?;
    assert_eq!(cache.get(&key).await?, Some(basket));
    Ok(())
}

#[tokio::test]
#[ignore = "needs a Redis on its usual port"]
async fn a_basket_is_read_back() {
    baskets().await.unwrap();
}
