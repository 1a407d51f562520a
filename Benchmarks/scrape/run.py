#!/usr/bin/env python3
"""Measures `bakery scrape` beside its peers on the Python documentation: the suite `scrape`.

Every figure comes from a process of its own. Prints a table and writes `results/scrape.json`.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

import report
from server import HOSTS, Server, ServerError
from sides import BENCHMARKS
from suite import Suite, shapes, show

FEWEST_PUBLISHED_PAIRS = 7


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures bakery scrape beside its peers.")
    parser.add_argument("--pairs", type=int, default=FEWEST_PUBLISHED_PAIRS, metavar="N")
    parser.add_argument("--hosts", type=int, choices=(1, HOSTS), help="only the crawl of so many")
    parser.add_argument("--results", type=Path, metavar="DIR", help="where to write scrape.json")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    # Whoever ends us means the server, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    result = report.heading(" ".join(["Benchmarks/scrape/run.py", *sys.argv[1:]]))
    measured = [shape for shape in shapes() if arguments.hosts in (None, shape.hosts)]
    with Server() as server, tempfile.TemporaryDirectory(prefix="bakery-scrape-") as folder:
        suite = Suite(server, Path(folder), arguments.pairs)
        for shape in measured:
            suite.measure(shape)
    show("")
    result["rows"] = [row for shape in measured for row in shape.rows()]
    print(report.to_table(result))
    print(f"\nnginx was busy for at most {suite.busiest:.0%} of the time of a crawl")
    results: Path | None = arguments.results
    if results is None and not arguments.hosts and arguments.pairs >= FEWEST_PUBLISHED_PAIRS:
        results = BENCHMARKS / "results"
    if results is None:
        print("Nothing was written: the published figures need all crawls and 7 pairs.")
    else:
        results.mkdir(parents=True, exist_ok=True)
        (results / "scrape.json").write_text(report.to_json(result))
        print(f"written: {results / 'scrape.json'}")
    for shape in measured:
        for side, reason in shape.failures.items():
            print(f"scrape: {shape.name}, {side}: {reason}", file=sys.stderr)
    return 1 if any(shape.failures for shape in measured) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ServerError as error:
        print(f"scrape: {error}", file=sys.stderr)
        sys.exit(1)
