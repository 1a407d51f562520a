use crate::measure::{per_operation, Figure};
use std::time::{Duration, Instant};
use tokio::task::{yield_now, JoinSet};

const ITEMS: usize = 100_000;
const WIDTH: usize = 64;
const ENTRANTS: usize = 8;

fn may_fail(item: usize) -> Result<usize, &'static str> {
    if item % 10 == 9 {
        return Err("failed");
    }
    Ok(item.wrapping_mul(31))
}

// The body is a part of the caller's task; nothing is spawned.
pub async fn deadline_call() -> Figure {
    per_operation(|count| async move {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(3600);
        let mut done = 0;
        for _ in 0..count {
            done += tokio::time::timeout_at(deadline, async { 1 }).await.expect("in time");
        }
        assert_eq!(done, count, "calls done");
    })
    .await
}

pub async fn deadline_yield() -> Figure {
    per_operation(|count| async move {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(3600);
        let mut done = 0;
        for _ in 0..count {
            let body = async {
                yield_now().await;
                1
            };
            done += tokio::time::timeout_at(deadline, body).await.expect("in time");
        }
        assert_eq!(done, count, "calls done");
    })
    .await
}

// A spawned task an item, 64 in flight.
async fn collect() -> Vec<Result<usize, &'static str>> {
    let mut results = vec![Ok(0); ITEMS];
    let mut set = JoinSet::new();
    for item in 0..ITEMS {
        if set.len() == WIDTH {
            let (place, result) = set.join_next().await.expect("a task").expect("no panic");
            results[place] = result;
        }
        set.spawn(async move { (item, may_fail(item)) });
    }
    while let Some(end) = set.join_next().await {
        let (place, result) = end.expect("no panic");
        results[place] = result;
    }
    results
}

pub async fn collected() -> Figure {
    collect().await;
    let mut elapsed = Duration::ZERO;
    let mut runs = 0;
    while elapsed < Duration::from_millis(500) {
        let start = Instant::now();
        let results = collect().await;
        elapsed += start.elapsed();
        for (item, result) in results.iter().enumerate() {
            assert_eq!(*result, may_fail(item), "a result in its place");
        }
        runs += 1;
    }
    Figure {
        value: elapsed.as_nanos() as f64 / (runs * ITEMS) as f64,
        peak_memory: None,
        suspended: None,
    }
}

pub async fn race() -> Figure {
    per_operation(|count| async move {
        for _ in 0..count {
            let mut set = JoinSet::new();
            for item in 0..ENTRANTS {
                set.spawn(async move {
                    yield_now().await;
                    item
                });
            }
            let winner = set.join_next().await.expect("a task").expect("no panic");
            assert!(winner < ENTRANTS, "a winner");
            set.shutdown().await;
        }
    })
    .await
}
