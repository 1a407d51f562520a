//! Threads of the operating system as Rust's standard library has them; no task is in the way.

use crate::measure::{per_operation, Figure};
use std::sync::{Condvar, Mutex};

pub async fn start_and_join() -> Figure {
    per_operation(|count| async move {
        let mut joined = 0;
        for _ in 0..count {
            joined += std::thread::spawn(|| 1).join().expect("a thread failed");
        }
        assert_eq!(joined, count, "threads joined");
    })
    .await
}

pub async fn turns() -> Figure {
    per_operation(|count| async move {
        let (taken, changed) = (Mutex::new(0), Condvar::new());
        let take = |first: usize| {
            for turn in (first..count).step_by(2) {
                let mut now = taken.lock().expect("poisoned");
                while *now != turn {
                    now = changed.wait(now).expect("poisoned");
                }
                *now += 1;
                drop(now);
                changed.notify_one();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| take(0));
            scope.spawn(|| take(1));
        });
        assert_eq!(*taken.lock().expect("poisoned"), count, "turns");
    })
    .await
}
