"""The programs that are measured, and the command lines that start them."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
BAKERY = BENCHMARKS.parent / "Applications/.build/release/bakery"
PYTHON = BENCHMARKS / ".peers/scrape-venv/bin/python"
PEERS = BENCHMARKS / "scrape/peers"
# The name of what a crawler leaves.
STORE = "store.sqlite"


def bakery_command(folder: Path, seeds: list[str]) -> list[str]:
    options = ["--concurrency", "16", "--per-host", "16", "--delay", "0", "--json"]
    return [str(BAKERY), "scrape", *seeds, "--into", str(folder / STORE), *options]


def wget2_command(folder: Path, seeds: list[str]) -> list[str]:
    """Saves pages, and no images, scripts and style sheets, which others do not fetch either."""
    options = ["--recursive", "--level=0", "--max-threads=16", "--ignore-tags=img,link,script"]
    return ["wget2", "--quiet", *options, "--directory-prefix", str(folder), *seeds]


def _peer_command(script: str) -> Callable[[Path, list[str]], list[str]]:
    return lambda folder, seeds: [str(PYTHON), str(PEERS / script), str(folder / STORE), *seeds]


@dataclass(frozen=True)
class Side:
    """A crawler, which leaves what it found in a folder that it is given."""

    name: str
    command: Callable[[Path, list[str]], list[str]]
    # Whether it leaves a store; otherwise it only saves pages.
    stores: bool = True
    exit_codes: tuple[int, ...] = (0,)

    def is_there(self) -> bool:
        return shutil.which(self.command(Path(), [])[0]) is not None


OURS = Side("bakery", bakery_command)
AIOHTTP = Side("aiohttp-selectolax", _peer_command("crawl_aiohttp.py"))
SCRAPY = Side("scrapy", _peer_command("crawl_scrapy.py"))
SCRAPY_EXTRACTOR = Side("scrapy-extractor", _peer_command("crawl_scrapy_extractor.py"))
# It ends with 8 when a page links to what is not there, as everybody's pages do.
WGET2 = Side("wget2", wget2_command, stores=False, exit_codes=(0, 8))
PEER_NAMES = [side.name for side in (AIOHTTP, SCRAPY, SCRAPY_EXTRACTOR, WGET2)]
