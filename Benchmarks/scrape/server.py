#!/usr/bin/env python3
"""Serves the Python documentation to crawlers from 127.0.0.1 … 127.0.0.8, by nginx.

As a program it prints the seeds and serves until it is interrupted.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

DOCUMENTS = Path("/usr/share/doc/python3.11/html")
HOSTS = 8

_HERE = Path(__file__).resolve().parent
_START_TIMEOUT = 10.0


class ServerError(Exception):
    """The server cannot be started."""


class Server:
    """An nginx with a folder of its own; a context manager."""

    def __init__(self) -> None:
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        if nginx is None or not DOCUMENTS.is_dir():
            raise ServerError(f"nginx or {DOCUMENTS} is missing; run scripts/setup --bench")
        self.port = _free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="bakery-nginx-")
        configuration = (_HERE / "nginx.conf").read_text()
        configuration = configuration.replace("@port@", str(self.port))
        configuration = configuration.replace("@root@", str(DOCUMENTS))
        Path(self.folder.name, "nginx.conf").write_text(configuration)
        self.process = subprocess.Popen(
            [nginx, "-p", self.folder.name + "/", "-c", "nginx.conf", "-e", "stderr"]
        )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                socket.create_connection(("127.0.0.8", self.port), timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.close()
                    raise ServerError(f"nginx does not serve on port {self.port}") from None
                time.sleep(0.01)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def seeds(self, hosts: int = HOSTS) -> list[str]:
        """A page to start from on each of the first `hosts` hosts.

        Not `/`, which would be the same page under a second name.
        """
        return [f"http://127.0.0.{host + 1}:{self.port}/index.html" for host in range(hosts)]

    def cpu_seconds(self) -> float:
        """How much processor time the server has used up to now."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Server() as server:
        print(*server.seeds(), sep="\n", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
