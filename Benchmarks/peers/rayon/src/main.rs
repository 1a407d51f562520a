//! The Rayon side of the suite `parallel`: `rayon ROW` measures one row and prints one line of JSON.

use rayon::prelude::*;
use std::time::{Duration, Instant};

const SHORTEST_WARM_UP: Duration = Duration::from_millis(50);
const SHORTEST_MEASUREMENT: Duration = Duration::from_millis(500);

/// A computation in independent items; the sum of what they give is the checksum.
struct Kernel {
    items: usize,
    work: Box<dyn Fn(usize) -> u64 + Sync>,
}

/// Knuth's linear congruential generator, its highest byte: the same input as on the other sides.
fn bytes(count: usize) -> Vec<u8> {
    let mut state = 1u64;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 56) as u8
        })
        .collect()
}

fn hashing() -> Kernel {
    const BLOCKS: usize = 1024;
    const SIZE: usize = 4096;
    let input = bytes(BLOCKS * SIZE);
    Kernel {
        items: BLOCKS,
        work: Box::new(move |block| {
            input[block * SIZE..(block + 1) * SIZE]
                .iter()
                .fold(0xcbf29ce484222325, |hash, byte| {
                    (hash ^ u64::from(*byte)).wrapping_mul(0x100000001b3)
                })
        }),
    }
}

fn convolution() -> Kernel {
    const SIDE: usize = 1024;
    const WEIGHTS: [usize; 5] = [1, 4, 6, 4, 1];
    let input = bytes(SIDE * SIDE);
    Kernel {
        items: SIDE - 4,
        work: Box::new(move |line| {
            let mut output = [0u8; SIDE];
            for x in 2..SIDE - 2 {
                let mut sum = 0;
                for dy in 0..5 {
                    let start = (line + dy) * SIDE + x - 2;
                    for dx in 0..5 {
                        sum += usize::from(input[start + dx]) * WEIGHTS[dy] * WEIGHTS[dx];
                    }
                }
                output[x] = (sum >> 8) as u8;
            }
            (2..SIDE - 2).fold(0u64, |checksum, x| {
                checksum.wrapping_add(u64::from(output[x]).wrapping_mul((line * SIDE + x) as u64))
            })
        }),
    }
}

fn sieve() -> Kernel {
    const SEGMENTS: usize = 128;
    const SIZE: usize = 32768;
    let primes: Vec<usize> = (2..2048)
        .filter(|number| !(2..*number).any(|divisor| number % divisor == 0))
        .collect();
    Kernel {
        items: SEGMENTS,
        work: Box::new(move |segment| {
            let low = segment * SIZE;
            let mut is_composite = [false; SIZE];
            for &prime in &primes {
                let mut multiple = (prime * prime).max((low + prime - 1) / prime * prime) - low;
                while multiple < SIZE {
                    is_composite[multiple] = true;
                    multiple += prime;
                }
            }
            (0..SIZE)
                .filter(|&number| !is_composite[number] && low + number >= 2)
                .fold(0u64, |sum, number| sum.wrapping_add((low + number) as u64))
        }),
    }
}

impl Kernel {
    fn run(&self) -> u64 {
        (0..self.items)
            .into_par_iter()
            .map(|item| (self.work)(item))
            .reduce(|| 0, u64::wrapping_add)
    }

    /// Nanoseconds per item of whole runs, for at least that long.
    fn measure(&self, shortest: Duration, checksum: u64) -> f64 {
        let mut elapsed = Duration::ZERO;
        let mut runs = 0;
        while elapsed < shortest {
            let start = Instant::now();
            let found = self.run();
            elapsed += start.elapsed();
            runs += 1;
            assert_eq!(found, checksum, "checksum");
        }
        elapsed.as_nanos() as f64 / (runs * self.items) as f64
    }
}

fn main() {
    let row = std::env::args().nth(1).unwrap_or_default();
    let kernel = match row.as_str() {
        "hashing, 1,024 blocks of 4 kB" => hashing(),
        "convolution, 5×5 on 1,024×1,024" => convolution(),
        "sieve, primes below 4 million" => sieve(),
        _ => {
            eprintln!("usage: rayon ROW; src/main.rs lists the rows, and \"{row}\" is not one");
            std::process::exit(2);
        }
    };
    let checksum = kernel.run();
    kernel.measure(SHORTEST_WARM_UP, checksum);
    let value = kernel.measure(SHORTEST_MEASUREMENT, checksum);
    println!("{{\"value\": {value:.2}, \"checksum\": \"{checksum}\"}}");
}
