#!/usr/bin/env python3
"""The CPython sides of the suite `parallel`: `cpython-threads ROW` or `cpython-processes ROW` measures one row.

The kernels are loops in Python over the same input as on the other sides. Threads share one interpreter lock; processes are
forked after the input is made, and only numbers pass between them.
"""

import concurrent.futures
import json
import multiprocessing
import os
import sys
import time

MASK = (1 << 64) - 1
WEIGHTS = (1, 4, 6, 4, 1)


def random_bytes(count):
    """Knuth's linear congruential generator, its highest byte."""
    state = 1
    result = bytearray(count)
    for index in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) & MASK
        result[index] = state >> 56
    return bytes(result)


def hashing():
    size = 4096
    data = random_bytes(1024 * size)

    def work(block):
        value = 0xCBF29CE484222325
        for byte in data[block * size : (block + 1) * size]:
            value = ((value ^ byte) * 0x100000001B3) & MASK
        return value

    return 1024, work


def convolution():
    side = 1024
    data = random_bytes(side * side)
    taps = [(dy * side + dx, WEIGHTS[dy] * WEIGHTS[dx]) for dy in range(5) for dx in range(5)]

    def work(line):
        output = bytearray(side)
        for x in range(2, side - 2):
            start = line * side + x - 2
            total = 0
            for offset, weight in taps:
                total += data[start + offset] * weight
            output[x] = total >> 8
        return sum(output[x] * (line * side + x) for x in range(2, side - 2)) & MASK

    return side - 4, work


def sieve():
    size = 32768
    primes = [number for number in range(2, 2048) if all(number % divisor for divisor in range(2, number))]

    def work(segment):
        low = segment * size
        composite = bytearray(size)
        for prime in primes:
            first = max(prime * prime, (low + prime - 1) // prime * prime) - low
            # A slice, as people write it: a loop of Python for each multiple would be some ten times slower.
            composite[first::prime] = b"\x01" * len(range(first, size, prime))
        return sum(low + number for number in range(size) if not composite[number] and low + number >= 2)

    return 128, work


KERNELS = {
    "hashing, 1,024 blocks of 4 kB": hashing,
    "convolution, 5×5 on 1,024×1,024": convolution,
    "sieve, primes below 4 million": sieve,
}

kernel_work = None


def work_range(items):
    return sum(kernel_work(item) for item in items) & MASK


def measure(run, items, shortest):
    elapsed, runs, checksum = 0, 0, None
    while elapsed < shortest:
        start = time.perf_counter_ns()
        found = run()
        elapsed += time.perf_counter_ns() - start
        runs += 1
        if checksum not in (None, found):
            sys.exit(f"checksum: {found} after {checksum}")
        checksum = found
    return elapsed / (runs * items), checksum


def main():
    global kernel_work
    mode = os.path.basename(sys.argv[0])
    row = sys.argv[1] if len(sys.argv) == 2 else ""
    if row not in KERNELS:
        print(f"usage: {mode} ROW, where ROW is one of\n  " + "\n  ".join(KERNELS), file=sys.stderr)
        sys.exit(2)
    items, kernel_work = KERNELS[row]()
    processors = len(os.sched_getaffinity(0))
    if mode == "cpython-processes":
        fork = multiprocessing.get_context("fork")
        pool = concurrent.futures.ProcessPoolExecutor(processors, mp_context=fork)
    else:
        pool = concurrent.futures.ThreadPoolExecutor(processors)
    piece = -(-items // (8 * processors))
    pieces = [range(start, min(start + piece, items)) for start in range(0, items, piece)]
    with pool:
        run = lambda: sum(pool.map(work_range, pieces)) & MASK
        # There is no compiler to warm up, but there are workers to start.
        sum(pool.map(work_range, pieces[:processors]))
        value, checksum = measure(run, items, 500_000_000)
    print(json.dumps({"value": round(value, 2), "checksum": str(checksum)}))


if __name__ == "__main__":
    main()
