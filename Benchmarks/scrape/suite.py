"""The crawls of the suite `scrape`: who does them, in which order, and whether they count.

Ours and a peer run right after one another and take turns in going first. Before a figure counts,
what was found is compared: all sides have the same HTML pages, and those that store also the same
links, and texts of the same length but for 2 %, white space left out.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import measure
import report
from server import HOSTS, Server
from sides import AIOHTTP, OURS, SCRAPY, SCRAPY_EXTRACTOR, STORE, WGET2, Side

HERE = Path(__file__).resolve().parent
TEXT_TOLERANCE = 0.02
DIFFERENCES_SHOWN = 10


@dataclass(frozen=True)
class Run:
    """What one crawl used, and how many HTML pages it brought."""

    usage: measure.Usage
    pages: int

    @property
    def cpu(self) -> float:
        return self.usage.cpu_seconds * 1000 / self.pages

    @property
    def wall(self) -> float:
        return self.usage.wall_seconds * 1000 / self.pages

    @property
    def memory(self) -> float:
        return self.usage.megabytes


ROWS: list[tuple[str, str, Callable[[Run], float]]] = [
    ("cpu seconds per 1,000 pages", "s", lambda run: run.cpu),
    ("wall seconds per 1,000 pages", "s", lambda run: run.wall),
    ("peak memory", "MB", lambda run: run.memory),
]


@dataclass(frozen=True)
class Reference:
    """A store that was compared with what other programs find, and what is in it."""

    store: Path
    content: dict[str, Any]


@dataclass
class Shape:
    """One crawl that all sides do; gives a row for each figure."""

    name: str
    hosts: int
    peers: list[Side]
    ours: list[Run] = field(default_factory=list)
    pairs: dict[str, list[tuple[Run | None, Run | None]]] = field(default_factory=dict)
    reference: Reference | None = None
    failures: dict[str, str] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        return [self._row(f"{name}, {self.name}", unit, figure) for name, unit, figure in ROWS]

    def _row(self, name: str, unit: str, figure: Callable[[Run], float]) -> dict[str, Any]:
        """Leaves out a side that failed: if it is wrong once it cannot be trusted other times."""

        def value(side: str, run: Run | None) -> float | None:
            return figure(run) if run and side not in self.failures else None

        ours = [] if OURS.name in self.failures else [figure(run) for run in self.ours]
        pairs = {
            peer: [
                report.Pair(value(OURS.name, mine), value(peer, theirs)) for mine, theirs in runs
            ]
            for peer, runs in self.pairs.items()
        }
        return report.row(name, unit, ours, pairs)


def shapes() -> list[Shape]:
    """Scrapy is left out of the large one, which would take it minutes."""
    return [
        Shape("python docs, one host", 1, [AIOHTTP, SCRAPY, WGET2, SCRAPY_EXTRACTOR]),
        Shape("python docs", HOSTS, [AIOHTTP, WGET2]),
    ]


class Suite:
    """Runs the crawls of all shapes."""

    def __init__(self, server: Server, folder: Path, pairs: int) -> None:
        self.server = server
        self.folder = folder
        self.pairs = pairs
        # The greatest part of the time of a crawl that the server was at work.
        self.busiest = 0.0

    def measure(self, shape: Shape) -> None:
        peers = [peer for peer in shape.peers if peer.is_there()]
        for number in range(self.pairs):
            for first in range(0, len(peers), 2):
                # One run of ours between two of peers pairs with both.
                two = peers[first : first + 2]
                order = [two[0], OURS, *two[1:]]
                if number % 2 == 1:
                    order.reverse()
                show(f"{shape.name}: {number + 1}/{self.pairs}, {', '.join(s.name for s in order)}")
                runs = {side.name: self.run(side, shape) for side in order}
                ours = runs[OURS.name]
                shape.ours += [ours] if ours else []
                for peer in two:
                    shape.pairs.setdefault(peer.name, []).append((ours, runs[peer.name]))

    def run(self, side: Side, shape: Shape) -> Run | None:
        """A crawl that was checked; `None` if the side is not there or has failed before."""
        if side.name in shape.failures or not side.is_there():
            return None
        seeds = self.server.seeds(shape.hosts)
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = Path(name)
            try:
                busy = self.server.cpu_seconds()
                usage = measure.run(side.command(folder, seeds), side.exit_codes)
                busy = self.server.cpu_seconds() - busy
                self.busiest = max(self.busiest, busy / usage.wall_seconds)
                return Run(usage, self.check(side, folder, shape, seeds))
            except measure.CrawlError as error:
                shape.failures[side.name] = str(error)
                return None

    def check(self, side: Side, folder: Path, shape: Shape, seeds: list[str]) -> int:
        """The number of HTML pages, after it was seen that everything is there."""
        store = folder / STORE
        content = read(store) if side.stores else {"pages": len(list(folder.rglob("*.html")))}
        if shape.reference is None and side.stores:
            show(f"{shape.name}: comparing the pages of {side.name} with those of others")
            script("check_pages.py", str(store), *seeds)
            kept = shutil.copytree(folder, self.folder / f"{shape.hosts} hosts")
            shape.reference = Reference(kept / STORE, content)
        if shape.reference and (reason := disagreement(content, shape.reference, store)):
            raise measure.CrawlError(reason)
        pages: int = content["pages"]
        if pages == 0:
            raise measure.CrawlError("no HTML pages")
        return pages


def read(store: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(script("content.py", str(store)))
    return content


def disagreement(content: dict[str, Any], reference: Reference, store: Path) -> str | None:
    """Why what was found is not the same as the reference."""
    for what, found in content.items():
        expected = reference.content[what]
        if what == "text" and abs(found - expected) <= TEXT_TOLERANCE * expected:
            continue
        if found != expected:
            lines = [f"{what}: {found}, expected {expected}"]
            if store.exists():
                lines.append("differences, where the first is this side's store:")
                lines += script("content.py", str(store), str(reference.store)).splitlines()
            return "\n  ".join(lines[:DIFFERENCES_SHOWN])
    return None


def script(name: str, *arguments: str) -> str:
    """Runs a script of this folder in a process of its own, which keeps this one small."""
    done = subprocess.run([sys.executable, HERE / name, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise measure.CrawlError(f"{name}: {done.stdout}{done.stderr}".strip())
    return done.stdout


def show(text: str) -> None:
    """Says on a terminal what is being measured; a log gets nothing."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
