//! The many-to-many side of the channel rows on Tokio's runtime: `async-channel ROW`. It is a program
//! of its own so that the Tokio program can be built where this crate is not installed.

#[path = "../../tokio/src/measure.rs"]
#[allow(dead_code)]
mod measure;

use measure::{per_operation, Figure};

async fn exchange(capacity: usize, producers: usize, consumers: usize) -> Figure {
    per_operation(move |count| async move {
        let (sender, receiver) = async_channel::bounded::<usize>(capacity);
        let share = count / producers;
        for producer in 0..producers {
            let sender = sender.clone();
            tokio::spawn(async move {
                for element in producer * share..(producer + 1) * share {
                    sender.send(element).await.expect("the receivers left");
                }
            });
        }
        drop(sender);
        let consuming: Vec<_> = (0..consumers)
            .map(|_| {
                let receiver = receiver.clone();
                tokio::spawn(async move {
                    let (mut seen, mut sum) = (0, 0);
                    while let Ok(element) = receiver.recv().await {
                        seen += 1;
                        sum += element;
                    }
                    (seen, sum)
                })
            })
            .collect();
        let (mut seen, mut sum) = (0, 0);
        for consumer in consuming {
            let part = consumer.await.expect("a consumer failed");
            seen += part.0;
            sum += part.1;
        }
        assert_eq!(seen, count, "elements received");
        assert_eq!(sum, count * (count - 1) / 2, "sum of elements");
    })
    .await
}

#[tokio::main]
async fn main() {
    let row = std::env::args().nth(1).unwrap_or_default();
    if row != "buffered 1024, many producers many consumers" {
        eprintln!("usage: async-channel ROW; \"{row}\" is not one of its rows");
        std::process::exit(2);
    }
    // Spawned, because the main future runs outside the workers and pays for every wake-up.
    match tokio::spawn(exchange(1024, 8, 8)).await {
        Ok(figure) => println!("{}", figure.line()),
        // The panic has said on stderr what was wrong.
        Err(_) => std::process::exit(1),
    }
}
