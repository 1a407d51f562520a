use crate::measure::{per_operation, Figure};
use tokio::sync::mpsc;

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
