//! The Rust side of the benchmark rows: `tokio ROW` measures one row and prints one line of JSON.

mod channels;
mod measure;
mod policies;
mod synchronization;
mod tasks;
mod threads;

use measure::Figure;

async fn run(row: &str) -> Option<Figure> {
    Some(match row {
        "buffered 1024, one producer one consumer" => channels::exchange(1024, 1).await,
        "buffered 1024, many producers one consumer" => channels::exchange(1024, 8).await,
        "buffered 100, one producer one consumer" => channels::exchange(100, 1).await,
        "select over 6" | "select over 6, thread pool" => channels::select_over_six().await,
        "broadcast to 1,000 receivers" | "broadcast to 1,000 receivers, thread pool" => {
            channels::broadcast().await
        }
        "semaphore, uncontended acquire and release" => synchronization::uncontended().await,
        "semaphore, 8 tasks on 1 permit, held across a yield" => {
            synchronization::held_across_yield().await
        }
        "semaphore, 64 tasks on 8 permits, short section" => synchronization::short_section().await,
        "mutex, uncontended" => synchronization::mutex(1).await,
        "contended mutex, short section" | "contended mutex, short section, thread pool" => {
            synchronization::mutex(8).await
        }
        "contended mutex, held across a yield"
        | "contended mutex, held across a yield, thread pool" => {
            synchronization::mutex_across_yield().await
        }
        "spawn and join" => synchronization::spawn_and_join().await,
        "yield, 8 tasks" => synchronization::yields().await,
        "thread, start and join" => threads::start_and_join().await,
        "monitor, two threads in turn" => threads::turns().await,
        "lock, uncontended pair" => synchronization::lock(1).await,
        "lock, 4 threads, short section" => synchronization::lock(4).await,
        "gather 1M, width 64" => tasks::input_order().await,
        "gather 1M, width 64, completion order" => tasks::completion_order().await,
        "gather 100k, width 64, each yields once" => tasks::each_yields().await,
        "deadline around a call" => policies::deadline_call().await,
        "deadline around a yield" => policies::deadline_yield().await,
        "gather 100k, width 64, a tenth fails, collected" => policies::collected().await,
        "race of 8, each yields once" => policies::race().await,
        "stream 1M, width 64" => tasks::stream_input_order().await,
        "stream 1M, width 64, completion order" => tasks::stream_completion_order().await,
        _ => return None,
    })
}

#[tokio::main]
async fn main() {
    let row = std::env::args().nth(1).unwrap_or_default();
    let name = row.clone();
    // Spawned, because the main future runs outside the workers and pays for every wake-up.
    let figure = tokio::spawn(async move { run(&name).await }).await;
    match figure {
        Ok(Some(figure)) => println!("{}", figure.line()),
        Ok(None) => {
            eprintln!("usage: tokio ROW; src/main.rs lists the rows, and \"{row}\" is not one");
            std::process::exit(2);
        }
        // The panic has said on stderr what was wrong.
        Err(_) => std::process::exit(1),
    }
}
