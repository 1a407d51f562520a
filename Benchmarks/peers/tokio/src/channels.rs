use crate::measure::{per_operation, Figure};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};

/// Tokio has no rendezvous and no channel with many consumers, so only these shapes have rows.
pub async fn exchange(capacity: usize, producers: usize) -> Figure {
    per_operation(move |count| async move {
        let (sender, mut receiver) = mpsc::channel::<usize>(capacity);
        let share = count / producers;
        for producer in 0..producers {
            let sender = sender.clone();
            tokio::spawn(async move {
                for element in producer * share..(producer + 1) * share {
                    sender.send(element).await.expect("the receiver left");
                }
            });
        }
        drop(sender);
        let consumer = tokio::spawn(async move {
            let (mut seen, mut sum) = (0, 0);
            while let Some(element) = receiver.recv().await {
                seen += 1;
                sum += element;
            }
            (seen, sum)
        });
        let (seen, sum) = consumer.await.expect("the consumer failed");
        assert_eq!(seen, count, "elements received");
        assert_eq!(sum, count * (count - 1) / 2, "sum of elements");
    })
    .await
}

/// Receives from six producers, each with a channel of its own, which holds one element for want of a rendezvous.
pub async fn select_over_six() -> Figure {
    per_operation(|count| async move {
        let mut receivers = Vec::new();
        for producer in 0..6 {
            let (sender, receiver) = mpsc::channel::<usize>(1);
            receivers.push(receiver);
            tokio::spawn(async move {
                for element in (producer..count).step_by(6) {
                    sender.send(element).await.expect("the receiver left");
                }
            });
        }
        let Ok([mut a, mut b, mut c, mut d, mut e, mut f]): Result<[_; 6], _> =
            receivers.try_into()
        else {
            panic!("six receivers")
        };
        let (mut seen, mut sum) = (0, 0);
        while seen < count {
            let element = tokio::select! {
                Some(element) = a.recv() => element,
                Some(element) = b.recv() => element,
                Some(element) = c.recv() => element,
                Some(element) = d.recv() => element,
                Some(element) = e.recv() => element,
                Some(element) = f.recv() => element,
                else => panic!("all producers left"),
            };
            seen += 1;
            sum += element;
        }
        assert_eq!(sum, count * (count - 1) / 2, "sum of elements");
    })
    .await
}

/// Tells 1,000 receivers the same, 16 elements at a time, and waits until all have them; per delivery.
pub async fn broadcast() -> Figure {
    const RECEIVERS: usize = 1_000;
    const ROUND: usize = 16;
    let mut figure = per_operation(|count| async move {
        let (sender, _) = broadcast::channel::<usize>(ROUND);
        let (done, mut rounds) = mpsc::channel::<()>(1);
        let missing = Arc::new(AtomicUsize::new(RECEIVERS));
        let mut tasks = Vec::new();
        for _ in 0..RECEIVERS {
            let (mut receiver, done, missing) = (sender.subscribe(), done.clone(), missing.clone());
            tasks.push(tokio::spawn(async move {
                let (mut seen, mut sum) = (0, 0);
                while seen < count {
                    sum += receiver.recv().await.expect("a receiver lagged");
                    seen += 1;
                    // The last receiver of a round tells the sender.
                    if seen % ROUND == 0 && missing.fetch_sub(1, Ordering::AcqRel) == 1 {
                        missing.store(RECEIVERS, Ordering::Release);
                        done.try_send(()).expect("the sender left");
                    }
                }
                sum
            }));
        }
        for first in (0..count).step_by(ROUND) {
            for element in first..first + ROUND {
                sender.send(element).expect("the receivers left");
            }
            rounds.recv().await.expect("the receivers left");
        }
        let mut sum = 0;
        for task in tasks {
            sum += task.await.expect("a receiver failed");
        }
        assert_eq!(sum, count * (count - 1) / 2 * RECEIVERS, "sum of elements");
    })
    .await;
    figure.value /= RECEIVERS as f64;
    figure
}
