#!/usr/bin/env python3
"""Checks that a store has the HTML pages that other programs find from the same seeds.

The others are `wget2 --recursive` and a walk by Python's standard library, which shares no code
with the measured crawlers. The sites have to be up, as by `server.py`. Prints the differences, and
ends with 1 if there are any.
"""

import argparse
import hashlib
import http.client
import subprocess
import sys
import tempfile
from collections import deque
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from content import PAGES, column
from sides import wget2_command

_SHOWN = 20


def stored_pages(path: str) -> set[str]:
    """The HTML pages of a store of `bakery scrape` or of a peer."""
    return set(column(path, PAGES))


def pages_of_wget2(seeds: list[str]) -> set[str]:
    """The pages that wget2 saves, by the names of their files."""
    sites = {urlsplit(seed).hostname: urlsplit(seed).netloc for seed in seeds}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # It ends with 8 because of links to what is not there.
        subprocess.run(wget2_command(folder, seeds), check=False)
        files = [file.relative_to(folder) for file in folder.rglob("*.html")]
    return {f"http://{sites[file.parts[0]]}/{'/'.join(file.parts[1:])}" for file in files}


class References(HTMLParser):
    """Gathers what a page refers to, as written but without fragments."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        match tag:
            case "a" | "area":
                self._add(values.get("href"))
            case "iframe" | "frame":
                self._add(values.get("src"))
            case "link" if {"next", "canonical"} & set(values.get("rel", "").lower().split()):
                self._add(values.get("href"))
            case "meta" if values.get("http-equiv", "").lower() == "refresh":
                self._add(values.get("content", "").partition("=")[2].strip(" '\""))
            case "base":
                self.base = self.base or values.get("href", "")

    def _add(self, reference: str | None) -> None:
        if reference:
            self.found.add(urldefrag(reference.strip()).url)


class Walk:
    """Fetches one page after the other, and follows links to the hosts of the seeds."""

    def __init__(self) -> None:
        self.connections: dict[str, http.client.HTTPConnection] = {}
        # By the bytes of the page, since the hosts serve the same ones.
        self.references: dict[bytes, References] = {}

    def pages(self, seeds: list[str]) -> set[str]:
        robots = {urlsplit(seed).netloc: self._robots(urlsplit(seed).netloc) for seed in seeds}
        pages: set[str] = set()
        seen = set(seeds)
        queue = deque(seeds)
        while queue:
            url = queue.popleft()
            if (body := self._get(url)) is None:
                continue
            pages.add(url)
            references = self._references(body)
            base = urljoin(url, references.base)
            for reference in references.found:
                target = urljoin(base, reference)
                rules = robots.get(urlsplit(target).netloc)
                if target not in seen and rules and rules.can_fetch("*", target):
                    seen.add(target)
                    queue.append(target)
        return pages

    def _references(self, body: bytes) -> References:
        digest = hashlib.sha256(body).digest()
        if digest not in self.references:
            self.references[digest] = References()
            self.references[digest].feed(body.decode(errors="replace"))
        return self.references[digest]

    def _get(self, url: str, kind: str = "text/html") -> bytes | None:
        parts = urlsplit(url)
        connection = self.connections.setdefault(
            parts.netloc, http.client.HTTPConnection(parts.netloc, timeout=10)
        )
        connection.request("GET", parts._replace(scheme="", netloc="").geturl())
        response = connection.getresponse()
        body = response.read()
        is_kind = response.headers.get_content_type() == kind
        return body if response.status == http.HTTPStatus.OK and is_kind else None

    def _robots(self, host: str) -> RobotFileParser:
        rules = RobotFileParser()
        text = self._get(f"http://{host}/robots.txt", "text/plain") or b""
        rules.parse(text.decode().splitlines())
        return rules


def differences(stored: set[str], found: set[str], finder: str) -> list[str]:
    lines = []
    for text, urls in (("stored only", stored - found), (f"{finder} only", found - stored)):
        lines += [f"{text}: {url}" for url in sorted(urls)[:_SHOWN]]
        if len(urls) > _SHOWN:
            lines.append(f"{text}: {len(urls) - _SHOWN} more")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("file", help="a store of `bakery scrape`")
    parser.add_argument("seed", nargs="+", help="the URLs that the crawl began with")
    arguments = parser.parse_args()
    stored = stored_pages(arguments.file)
    lines = differences(stored, pages_of_wget2(arguments.seed), "wget2")
    lines += differences(stored, Walk().pages(arguments.seed), "walk")
    print(*lines, f"{len(stored)} pages stored", sep="\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
