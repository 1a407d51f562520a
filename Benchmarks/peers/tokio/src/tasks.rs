use crate::measure::{per_item, with_peak_memory, Figure};
use futures::stream::{self, StreamExt};

// `buffered` keeps 64 futures in flight inside one task. It is how people write this in Rust, and for
// items this small it is faster than a spawned task an item on two cores.
const WIDTH: usize = 64;
const MILLION: usize = 1_000_000;
const HUNDRED_THOUSAND: usize = 100_000;

async fn work(item: usize) -> usize {
    item.wrapping_mul(31)
}

pub async fn input_order() -> Figure {
    let run = |items| stream::iter(0..items).map(work).buffered(WIDTH).collect();
    with_peak_memory(per_item(MILLION, run, check)).await
}

pub async fn completion_order() -> Figure {
    let run = |items| {
        stream::iter(0..items)
            .map(work)
            .buffer_unordered(WIDTH)
            .collect()
    };
    let check_sorted = |mut results: Vec<usize>, items| {
        results.sort_unstable();
        check(results, items);
    };
    per_item(MILLION, run, check_sorted).await
}

pub async fn each_yields() -> Figure {
    let body = |item| async move {
        tokio::task::yield_now().await;
        work(item).await
    };
    let run = |items| stream::iter(0..items).map(body).buffered(WIDTH).collect();
    per_item(HUNDRED_THOUSAND, run, check).await
}

pub async fn stream_input_order() -> Figure {
    let run = |items| stream::iter(0..items).map(work).buffered(WIDTH).fold(vec![0, 0], tally);
    per_item(MILLION, run, check_tally).await
}

pub async fn stream_completion_order() -> Figure {
    let run = |items| {
        stream::iter(0..items)
            .map(work)
            .buffer_unordered(WIDTH)
            .fold(vec![0, 0], tally)
    };
    per_item(MILLION, run, check_tally).await
}

/// What a consumer has seen, results one after another: their number and their sum.
async fn tally(mut seen: Vec<usize>, result: usize) -> Vec<usize> {
    seen[0] += 1;
    seen[1] = seen[1].wrapping_add(result);
    seen
}

fn check_tally(seen: Vec<usize>, items: usize) {
    assert_eq!(seen[0], items, "items received");
    assert_eq!(seen[1], items * (items - 1) / 2 * 31, "sum");
}

fn check(results: Vec<usize>, items: usize) {
    assert_eq!(results.len(), items, "results");
    for (item, result) in results.iter().enumerate() {
        assert_eq!(*result, item.wrapping_mul(31), "a result in its place");
    }
}
