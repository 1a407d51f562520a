use std::future::Future;
use std::time::{Duration, Instant};

pub struct Figure {
    pub value: f64,
    /// Growth in megabytes, for rows that ask for it.
    pub peak_memory: Option<f64>,
    /// The share of acquisitions for which the task was suspended, for rows that ask for it.
    pub suspended: Option<f64>,
}

impl Figure {
    pub fn line(&self) -> String {
        let memory = self.peak_memory.map(|memory| format!(", \"rss_mb\": {memory:.2}"));
        let suspended = self.suspended.map(|share| format!(", \"suspended\": {share:.2}"));
        format!(
            "{{\"value\": {:.2}{}{}}}",
            self.value,
            memory.unwrap_or_default(),
            suspended.unwrap_or_default()
        )
    }
}

const SHORTEST_SLICE: Duration = Duration::from_millis(50);
const SHORTEST_MEASUREMENT: Duration = Duration::from_millis(500);

/// Warms up and measures exactly as the Swift sides do: the warm-up grows until it takes 50 ms, then
/// slices of that many operations are measured until they took half a second together.
pub async fn per_operation<F, W>(work: F) -> Figure
where
    F: Fn(usize) -> W,
    W: Future<Output = ()>,
{
    let mut count = 1024;
    let mut elapsed = timed(work(count)).await.0;
    while elapsed < SHORTEST_SLICE {
        count *= if elapsed < SHORTEST_SLICE / 16 { 16 } else { 2 };
        elapsed = timed(work(count)).await.0;
    }
    elapsed = Duration::ZERO;
    let mut slices = 0;
    while elapsed < SHORTEST_MEASUREMENT {
        elapsed += timed(work(count)).await.0;
        slices += 1;
    }
    Figure {
        value: elapsed.as_nanos() as f64 / (slices * count) as f64,
        peak_memory: None,
        suspended: None,
    }
}

/// Always runs the whole number of items, since cost and memory may depend on it, and checks the
/// results off the clock.
pub async fn per_item<F, W>(items: usize, run: F, check: fn(Vec<usize>, usize)) -> Figure
where
    F: Fn(usize) -> W,
    W: Future<Output = Vec<usize>>,
{
    run(items / 10).await;
    let mut elapsed = Duration::ZERO;
    let mut runs = 0;
    while elapsed < SHORTEST_MEASUREMENT {
        let (time, results) = timed(run(items)).await;
        elapsed += time;
        check(results, items);
        runs += 1;
    }
    Figure {
        value: elapsed.as_nanos() as f64 / (runs * items) as f64,
        peak_memory: None,
        suspended: None,
    }
}

async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let start = Instant::now();
    let result = work.await;
    (start.elapsed(), result)
}

/// Adds how much memory the row needed at its peak above what the idle process held.
pub async fn with_peak_memory(measure: impl Future<Output = Figure>) -> Figure {
    let idle = megabytes("VmRSS:");
    let mut figure = measure.await;
    figure.peak_memory = Some(megabytes("VmHWM:") - idle);
    figure
}

/// Reads the kernel's account of this process.
fn megabytes(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let line = status
        .lines()
        .find(|line| line.starts_with(key))
        .expect(key);
    let kilobytes: f64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect(key);
    kilobytes / 1024.0
}
