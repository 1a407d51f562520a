"""The published form of the figures, `results/scrape.json`, and the table for people."""

import json
import os
import re
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sides import BENCHMARKS, PEER_NAMES, PYTHON

# Above this part of the median, a spread of ratios decides nothing.
NOISE = 0.3


@dataclass(frozen=True)
class Pair:
    """One run of ours and one of a peer, in turn; `None` for a side that gave nothing."""

    ours: float | None
    theirs: float | None


def row(name: str, unit: str, ours: list[float], peers: dict[str, list[Pair]]) -> dict[str, Any]:
    """A row of the report from all runs of ours and the pairs of each peer that was run."""
    return {
        "row": name,
        "unit": unit,
        "better": "lower",
        "ours": _spread(ours) | {"runs": len(ours)} if ours else None,
        "peers": {name: _theirs(peers.get(name, [])) for name in PEER_NAMES},
    }


def _theirs(pairs: list[Pair]) -> dict[str, Any] | None:
    values = [pair.theirs for pair in pairs if pair.theirs is not None]
    if not values:
        return None
    ratios = [pair.ours / pair.theirs for pair in pairs if pair.ours and pair.theirs]
    decisive = ratios or values
    noisy = max(decisive) - min(decisive) > NOISE * statistics.median(decisive)
    return _spread(values) | {"ratios": [round(ratio, 3) for ratio in ratios], "noisy": noisy}


def _spread(values: list[float]) -> dict[str, Any]:
    figures = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 3) for name, value in figures.items()}


def heading(command: str) -> dict[str, Any]:
    """What is measured, where, and how busy the machine is before."""
    return {
        "suite": "scrape",
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": _output("git", "-C", str(BENCHMARKS), "describe", "--always", "--dirty"),
        "command": command,
        "machine": _machine(),
        "load": round(os.getloadavg()[0], 2),
        "versions": _versions(),
    }


def _machine() -> str:
    processor = _match(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    gigabytes = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    kernel = ".".join(os.uname().release.split(".")[:2])
    return f"{processor}, {os.cpu_count()} cores, {gigabytes} GB, Linux {kernel}"


def _versions() -> dict[str, str | None]:
    packages = "import importlib.metadata as m; print(*map(m.version, '{}'.split()), sep='\\n')"
    names = "aiohttp ada-url lxml scrapy selectolax uvloop"
    versions = (_output(str(PYTHON), "-c", packages.format(names)) or "").splitlines()
    python = _output(str(PYTHON), "--version") or ""
    documents = _output("dpkg-query", "--show", "--showformat=${Version}", "python3.11-doc")
    return {
        **dict.fromkeys(names.split()),
        **dict(zip(names.split(), versions)),
        "glibc": _match(r"glibc (\S+)", _output("getconf", "GNU_LIBC_VERSION") or ""),
        "nginx": _match(r"nginx/(\S+)", _output("/usr/sbin/nginx", "-v") or ""),
        "python": _match(r"Python (\S+)", python),
        "python3.11-doc": documents,
        "swift": _match(r"Swift version (\S+)", _output("swift", "--version") or ""),
        "wget2": _match(r"Wget2 (\S+)", _output("wget2", "--version") or ""),
    }


def _match(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None


def _output(*command: str) -> str | None:
    """What a command prints, if it works."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def to_json(report: dict[str, Any]) -> str:
    """In the style of the other suites' files."""
    text = json.dumps(report, indent=2, sort_keys=True, separators=(",", " : "), ensure_ascii=False)
    return text + "\n"


def to_table(report: dict[str, Any]) -> str:
    lines = [["row", "unit", "ours", "peer", "median", "ratio", ""]]
    for entry in report["rows"]:
        start = [entry["row"], entry["unit"], _figure(entry["ours"])]
        for name, theirs in entry["peers"].items():
            ratios = theirs["ratios"] if theirs else []
            ratio = f"{statistics.median(ratios):.2f}" if ratios else ""
            noise = "noisy" if theirs and theirs["noisy"] else ""
            lines.append([*start, name, _figure(theirs), ratio, noise])
            start = ["", "", ""]
    widths = [max(map(len, column)) for column in zip(*lines)]
    adjust: list[Callable[[str, int], str]] = [
        str.ljust,
        str.ljust,
        str.rjust,
        str.ljust,
        str.rjust,
        str.rjust,
        str.ljust,
    ]
    table = [
        "  ".join(put(cell, width) for put, cell, width in zip(adjust, line, widths)).rstrip()
        for line in lines
    ]
    return "\n".join(
        [
            f"scrape, {report['machine']}, load {report['load']} before",
            "Lower is better; a ratio is ours to the peer's, below 1 where ours is the lower.",
            "",
            *table,
        ]
    )


def _figure(figures: dict[str, Any] | None) -> str:
    return f"{figures['median']:.2f}" if figures else "not run"
