use crate::measure::{per_operation, Figure};
use std::future::{poll_fn, Future};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

pub async fn uncontended() -> Figure {
    let semaphore = Arc::new(Semaphore::new(4));
    per_operation(move |count| {
        let semaphore = semaphore.clone();
        async move {
            for _ in 0..count {
                let permit = semaphore.acquire().await.expect("closed");
                drop(permit);
            }
        }
    })
    .await
}

pub async fn held_across_yield() -> Figure {
    per_operation(|count| async move {
        let semaphore = Arc::new(Semaphore::new(1));
        // Loads and stores, not additions: the total is right only if sections exclude one another.
        let counter = Arc::new(AtomicUsize::new(0));
        spread(count, 8, |rounds| {
            let (semaphore, counter) = (semaphore.clone(), counter.clone());
            async move {
                for _ in 0..rounds {
                    let permit = semaphore.acquire().await.expect("closed");
                    let before = counter.load(Relaxed);
                    tokio::task::yield_now().await;
                    counter.store(before + 1, Relaxed);
                    drop(permit);
                }
            }
        })
        .await;
        assert_eq!(counter.load(Relaxed), count, "exclusive increments");
    })
    .await
}

pub async fn short_section() -> Figure {
    per_operation(|count| async move {
        let semaphore = Arc::new(Semaphore::new(8));
        let inside = Arc::new(AtomicUsize::new(0));
        let exceeded = Arc::new(AtomicBool::new(false));
        spread(count, 64, |rounds| {
            let (semaphore, inside) = (semaphore.clone(), inside.clone());
            let exceeded = exceeded.clone();
            async move {
                for _ in 0..rounds {
                    let permit = semaphore.acquire().await.expect("closed");
                    if inside.fetch_add(1, Relaxed) >= 8 {
                        exceeded.store(true, Relaxed);
                    }
                    inside.fetch_sub(1, Relaxed);
                    drop(permit);
                }
            }
        })
        .await;
        assert!(
            !exceeded.load(Relaxed),
            "more than 8 tasks were inside the section at once"
        );
    })
    .await
}

/// Counts how often the task was suspended on the way.
async fn counted<F: Future>(future: F, suspended: &mut usize) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let poll = future.as_mut().poll(context);
        *suspended += poll.is_pending() as usize;
        poll
    })
    .await
}

pub async fn mutex(tasks: usize) -> Figure {
    let waits = Arc::new(AtomicUsize::new(0));
    let acquisitions = AtomicUsize::new(0);
    let mut figure = per_operation(|count| {
        let (waits, acquisitions) = (&waits, &acquisitions);
        async move {
            let mutex = Arc::new(tokio::sync::Mutex::new(0));
            spread(count, tasks, |rounds| {
                let (mutex, waits) = (mutex.clone(), waits.clone());
                async move {
                    let mut own = 0;
                    for _ in 0..rounds {
                        *counted(mutex.lock(), &mut own).await += 1;
                    }
                    waits.fetch_add(own, Relaxed);
                }
            })
            .await;
            assert_eq!(*mutex.lock().await, count, "increments");
            acquisitions.fetch_add(count, Relaxed);
        }
    })
    .await;
    if tasks > 1 {
        figure.suspended = Some(waits.load(Relaxed) as f64 / acquisitions.load(Relaxed) as f64);
    }
    figure
}

pub async fn mutex_across_yield() -> Figure {
    let waits = Arc::new(AtomicUsize::new(0));
    let acquisitions = AtomicUsize::new(0);
    let mut figure = per_operation(|count| {
        let (waits, acquisitions) = (&waits, &acquisitions);
        async move {
            let mutex = Arc::new(tokio::sync::Mutex::new(0));
            spread(count, 8, |rounds| {
                let (mutex, waits) = (mutex.clone(), waits.clone());
                async move {
                    let mut own = 0;
                    for _ in 0..rounds {
                        let mut value = counted(mutex.lock(), &mut own).await;
                        let before = *value;
                        tokio::task::yield_now().await;
                        *value = before + 1;
                    }
                    waits.fetch_add(own, Relaxed);
                }
            })
            .await;
            assert_eq!(*mutex.lock().await, count, "increments");
            acquisitions.fetch_add(count, Relaxed);
        }
    })
    .await;
    figure.suspended = Some(waits.load(Relaxed) as f64 / acquisitions.load(Relaxed) as f64);
    figure
}

pub async fn spawn_and_join() -> Figure {
    per_operation(|count| async move {
        let mut done = 0;
        for _ in 0..count {
            done += tokio::spawn(async { 1 }).await.expect("a task failed");
        }
        assert_eq!(done, count, "tasks joined");
    })
    .await
}

pub async fn yields() -> Figure {
    per_operation(|count| async move {
        spread(count, 8, |rounds| async move {
            for _ in 0..rounds {
                tokio::task::yield_now().await;
            }
        })
        .await;
    })
    .await
}

/// The standard library's lock, taken by operating-system threads.
pub async fn lock(threads: usize) -> Figure {
    per_operation(move |count| async move {
        let counter = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..count / threads {
                        *counter.lock().expect("poisoned") += 1;
                    }
                });
            }
        });
        assert_eq!(counter.into_inner().expect("poisoned"), count, "increments");
    })
    .await
}

async fn spread<F, W>(count: usize, tasks: usize, work: F)
where
    F: Fn(usize) -> W,
    W: Future<Output = ()> + Send + 'static,
{
    let running: Vec<_> = (0..tasks)
        .map(|_| tokio::spawn(work(count / tasks)))
        .collect();
    for task in running {
        task.await.expect("a task failed");
    }
}
