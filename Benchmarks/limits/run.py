#!/usr/bin/env python3
"""Crawls a sample site whose hosts bear only so much, at fixed widths and with `--concurrency auto`.

Prints a table, and adds two rows to `results/limits.json`: wall seconds, and requests that the site refused.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parent.parent
BAKERY = BENCHMARKS.parent / "Applications/.build/release/bakery"
# Above this part of the median, a spread of ratios decides nothing.
NOISE = 0.3
# Fixed widths that know what no crawl can know: as many for each host as it serves at a time.
ORACLE = "oracle"
# So narrow a crawl takes minutes and is not the best, so it is done once.
NARROW = 4


@dataclass(frozen=True)
class Run:
    """What one crawl took, and what it cost the site."""

    seconds: float
    refused: int
    # Pages, links and failures, which are the same in every run.
    found: tuple[int, int, int]
    settled: list[dict[str, Any]]


@dataclass(frozen=True)
class Site:
    """A sample site whose hosts serve `capacity` requests at a time and let half as many wait."""

    pages: int
    hosts: int
    capacity: int

    @property
    def name(self) -> str:
        return f"{self.pages} pages on {self.hosts} hosts that bear {self.capacity} requests each"


def crawl(site: Site, width: str, folder: Path) -> Run:
    """Serves the site anew and crawls it, a width being that of every host, too."""
    port = _free_port()
    options = ["--pages", site.pages, "--hosts", site.hosts, "--capacity", site.capacity]
    command = [BAKERY, "sample-site", *options, "--listen", f"127.0.0.1:{port}"]
    server = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        return _crawl(port, _widths(site, width), folder)
    finally:
        server.kill()
        server.wait()


def _widths(site: Site, width: str) -> list[str]:
    if width == "auto":
        return ["--concurrency", width]
    if width == ORACLE:
        return ["--concurrency", str(site.hosts * site.capacity), "--per-host", str(site.capacity)]
    return ["--concurrency", width, "--per-host", width]


def _crawl(port: int, widths: list[str], folder: Path) -> Run:
    store = folder / "store.sqlite"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{store}{suffix}").unlink(missing_ok=True)
    # The page that always fails is left out: waiting to try it again would be most of the time.
    command = [str(BAKERY), "scrape", f"http://127.0.0.1:{port}/", "--scope", "any", "--delay", "0"]
    command += ["--exclude", "broken-oven", "--attempts", "10", "--fail-on", "never", "--json"]
    command += ["--into", str(store), *widths]
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    seconds = time.monotonic() - start
    summary = json.loads(done.stdout)
    found = (summary["pages"], summary["links"], summary["failures"])
    return Run(seconds, _capacity(port)["refused"], found, summary.get("limits", []))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _capacity(port: int) -> dict[str, int]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/capacity.json", timeout=5) as answer:
        counts: dict[str, int] = json.load(answer)
        return counts


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            _capacity(port)
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("limits: the sample site does not come up")


def measure(site: Site, widths: list[int], rounds: int) -> dict[str, list[Run]]:
    """Runs every width, the oracle and `auto` in turn, another one first each time."""
    runs: dict[str, list[Run]] = {str(width): [] for width in widths} | {ORACLE: [], "auto": []}
    with tempfile.TemporaryDirectory(prefix="bakery-limits-") as folder:
        for number in range(rounds):
            names = [name for name in runs if not number or not name.isdigit() or int(name) > NARROW]
            shift = number % len(names)
            for name in names[shift:] + names[:shift]:
                run = crawl(site, name, Path(folder))
                runs[name].append(run)
                print(f"  width {name}: {run.seconds:.2f} s, {run.refused} refused", file=sys.stderr)
    found = {run.found for of_width in runs.values() for run in of_width}
    if len(found) != 1:
        raise SystemExit(f"limits: not every crawl found the same pages, links and failures: {found}")
    return runs


def rows(site: Site, runs: dict[str, list[Run]]) -> list[dict[str, Any]]:
    return [
        _row(f"crawl of {site.name}", "s", {n: [r.seconds for r in runs[n]] for n in runs}),
        _row(
            f"refused in a crawl of {site.name}",
            "requests",
            {n: [float(r.refused) for r in runs[n]] for n in runs},
        ),
    ]


def _row(name: str, unit: str, figures: dict[str, list[float]]) -> dict[str, Any]:
    ours = figures["auto"]
    names = {n: n if n == ORACLE else f"width {n}" for n in figures if n != "auto"}
    peers = {names[n]: _peer(ours, figures[n]) for n in names}
    spread = _spread(ours) | {"runs": len(ours)}
    return {"row": name, "unit": unit, "better": "lower", "ours": spread, "peers": peers}


def _peer(ours: list[float], theirs: list[float]) -> dict[str, Any]:
    ratios = [mine / other for mine, other in zip(ours, theirs) if other]
    decisive = ratios or theirs
    noisy = max(decisive) - min(decisive) > NOISE * statistics.median(decisive)
    return _spread(theirs) | {"ratios": [round(ratio, 3) for ratio in ratios], "noisy": noisy}


def _spread(values: list[float]) -> dict[str, float]:
    figures = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 3) for name, value in figures.items()}


def table(site: Site, runs: dict[str, list[Run]]) -> str:
    seconds = {name: statistics.median(run.seconds for run in runs[name]) for name in runs}
    refused = {name: statistics.median(run.refused for run in runs[name]) for name in runs}
    best = min((name for name in runs if name.isdigit()), key=lambda name: seconds[name])
    twice = str(2 * site.hosts * site.capacity)
    lines = [f"{site.name}, load {os.getloadavg()[0]:.1f}", "", " width    seconds   refused   runs"]
    for name in runs:
        lines.append(
            f"{name:>6} {seconds[name]:>10.2f} {refused[name]:>9g} {len(runs[name]):>6}"
            f"{'   best' if name == best else ''}"
        )
    lines.append("")
    lines.append(f"auto takes {seconds['auto'] / seconds[best]:.2f} times as long as the best width, {best},")
    lines.append(f"and {seconds['auto'] / seconds[ORACLE]:.2f} times as long as the oracle")
    if twice in runs:
        lines.append(
            f"it has {refused['auto']:g} requests refused,"
            f" and the width {twice}, twice what the site bears, {refused[twice]:g}"
        )
    for limit in runs["auto"][-1].settled:
        lines.append(f"  {limit['of']}: {limit['limit']}, {limit['why']}")
    return "\n".join(lines)


def write(path: Path, measured: list[dict[str, Any]]) -> None:
    """Adds the rows to those of the suite, in place of older ones of the same names."""
    report: dict[str, Any] = json.loads(path.read_text())
    names = {row["row"] for row in measured}
    report["rows"] = [row for row in report["rows"] if row["row"] not in names] + measured
    text = json.dumps(report, indent=2, sort_keys=True, separators=(",", " : "), ensure_ascii=False)
    path.write_text(text + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Crawls at fixed widths and with auto.")
    parser.add_argument("--pages", type=int, default=1500)
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--capacity", type=int, default=8)
    parser.add_argument("--widths", default="1,2,4,8,16,32,64", help="with commas between them")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--results", type=Path, metavar="DIR", help="whose limits.json gets the rows")
    arguments = parser.parse_args()
    site = Site(arguments.pages, arguments.hosts, arguments.capacity)
    widths = [int(width) for width in arguments.widths.split(",")]
    runs = measure(site, widths, arguments.rounds)
    print(table(site, runs))
    if arguments.results:
        write(arguments.results / "limits.json", rows(site, runs))


if __name__ == "__main__":
    main()
