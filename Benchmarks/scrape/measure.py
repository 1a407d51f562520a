"""Runs a crawler once and says what it took."""

import os
import select
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 120.0


class CrawlError(Exception):
    """A crawler did not do its work."""


@dataclass(frozen=True)
class Usage:
    """What a process and those that it started used."""

    wall_seconds: float
    cpu_seconds: float
    # The largest process's peak. Linux counts in what we held when we started it, so stay small.
    megabytes: float


def run(command: list[str], exit_codes: tuple[int, ...]) -> Usage:
    """Runs a command to its end, at most `TIMEOUT` seconds; its output is shown if it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        if not _ends(process.pid, TIMEOUT):
            process.send_signal(signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in exit_codes:
            output.seek(0)
            tail = output.read().decode(errors="replace").strip()[-2000:]
            raise CrawlError(
                f"{Path(command[0]).name} ended with {process.returncode}"
                f" after {wall_seconds:.1f} s: {tail or 'it printed nothing'}"
            )
    return Usage(wall_seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _ends(pid: int, timeout: float) -> bool:
    """Waits for the end of a child without asking again and again, which would cost it time."""
    descriptor = os.pidfd_open(pid)
    try:
        return bool(select.select([descriptor], [], [], timeout)[0])
    finally:
        os.close(descriptor)
