#!/usr/bin/env python3
"""The Python side of the benchmark rows: `asyncio ROW` measures one row and prints one line of JSON."""

import asyncio
import sys
import time

SHORTEST_SLICE = 50_000_000
SHORTEST_MEASUREMENT = 500_000_000
ITEMS = 100_000
WIDTH = 64
ENTRANTS = 8


class Failed(Exception):
    pass


async def may_fail(item):
    if item % 10 == 9:
        raise Failed
    return item * 31


async def per_operation(work):
    """Warms up and measures exactly as the other sides do."""
    count = 1024
    elapsed = await timed(work, count)
    while elapsed < SHORTEST_SLICE:
        count *= 16 if elapsed < SHORTEST_SLICE / 16 else 2
        elapsed = await timed(work, count)
    elapsed = slices = 0
    while elapsed < SHORTEST_MEASUREMENT:
        elapsed += await timed(work, count)
        slices += 1
    return elapsed / (slices * count)


async def timed(work, count):
    start = time.monotonic_ns()
    await work(count)
    return time.monotonic_ns() - start


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: found {found}, expected {expected}")


async def deadline_call(count):
    deadline = asyncio.get_running_loop().time() + 3600
    done = 0
    for _ in range(count):
        async with asyncio.timeout_at(deadline):
            done += 1
    check("calls done", done, count)


async def deadline_yield(count):
    deadline = asyncio.get_running_loop().time() + 3600
    done = 0
    for _ in range(count):
        async with asyncio.timeout_at(deadline):
            await asyncio.sleep(0)
            done += 1
    check("calls done", done, count)


async def collect():
    """64 workers over one iterator: a task an item would be slower."""
    results = [None] * ITEMS
    items = iter(range(ITEMS))

    async def worker():
        for item in items:
            try:
                results[item] = await may_fail(item)
            except Failed as error:
                results[item] = error

    await asyncio.gather(*(worker() for _ in range(WIDTH)))
    return results


async def collected():
    await collect()
    elapsed = runs = 0
    while elapsed < SHORTEST_MEASUREMENT:
        start = time.monotonic_ns()
        results = await collect()
        elapsed += time.monotonic_ns() - start
        runs += 1
        for item, result in enumerate(results):
            right = isinstance(result, Failed) if item % 10 == 9 else result == item * 31
            check(f"right results for {item}", right, True)
    return elapsed / (runs * ITEMS)


async def entrant(item):
    await asyncio.sleep(0)
    return item


async def races(count):
    for _ in range(count):
        tasks = [asyncio.ensure_future(entrant(item)) for item in range(ENTRANTS)]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        check("a winner", next(iter(done)).result() in range(ENTRANTS), True)


ROWS = {
    "deadline around a call": lambda: per_operation(deadline_call),
    "deadline around a yield": lambda: per_operation(deadline_yield),
    "gather 100k, width 64, a tenth fails, collected": collected,
    "race of 8, each yields once": lambda: per_operation(races),
}

if len(sys.argv) != 2 or sys.argv[1] not in ROWS:
    names = "\n  ".join(ROWS)
    print(f"usage: asyncio ROW, where ROW is one of\n  {names}", file=sys.stderr)
    sys.exit(2)
print(f'{{"value": {asyncio.run(ROWS[sys.argv[1]]()):.2f}}}')
