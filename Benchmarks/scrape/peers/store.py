"""The SQLite store of the Python peers: the main tables of `bakery scrape`, filled in batches."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

SCHEMA = """
CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, state TEXT NOT NULL);
CREATE TABLE pages (
  id INTEGER PRIMARY KEY REFERENCES urls, url TEXT NOT NULL, status INTEGER NOT NULL,
  type TEXT NOT NULL, title TEXT, text TEXT
);
CREATE TABLE links (
  source INTEGER NOT NULL REFERENCES pages, position INTEGER NOT NULL,
  target INTEGER NOT NULL REFERENCES urls, PRIMARY KEY (source, position)
) WITHOUT ROWID;
"""

PAGES_IN_BATCH = 100


class Page(NamedTuple):
    """What is kept of an answer; only HTML has a title, a text and links."""

    url: str
    status: int
    type: str
    title: str | None = None
    text: str | None = None
    links: Sequence[str] = ()


class Store:
    """Numbers URLs as they are found, and commits every `PAGES_IN_BATCH` pages."""

    def __init__(self, path: str, seeds: list[str]) -> None:
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.execute("PRAGMA page_size = 8192")
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = NORMAL")
        self.database.executescript(SCHEMA)
        self.origins = tuple(seed[: seed.index("/", len("https://")) + 1] for seed in seeds)
        self.ids: dict[str, int] = {}
        self.urls: list[tuple[int, str, str]] = []
        self.pages: list[tuple[int, str, int, str, str | None, str | None]] = []
        self.links: list[tuple[int, int, int]] = []

    def find(self, url: str) -> bool:
        """Enters a URL; returns whether it is new and belongs to the crawl."""
        if url in self.ids:
            return False
        in_scope = url.startswith(self.origins)
        number = self.ids[url] = len(self.ids) + 1
        self.urls.append((number, url, "pending" if in_scope else "skipped"))
        return in_scope

    def add(self, page: Page) -> list[str]:
        """Enters a page; returns the targets of its links that are to be fetched."""
        new = [url for url in page.links if self.find(url)]
        ids = self.ids
        number = ids[page.url]
        self.pages.append((number, page.url, page.status, page.type, page.title, page.text))
        self.links += [(number, place, ids[url]) for place, url in enumerate(page.links)]
        if len(self.pages) >= PAGES_IN_BATCH:
            self.commit()
        return new

    def commit(self) -> None:
        """Writes what has come in since the last commit, in one transaction."""
        database = self.database
        database.execute("BEGIN")
        database.executemany("INSERT INTO urls VALUES (?, ?, ?)", self.urls)
        database.executemany("INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?)", self.pages)
        database.executemany("INSERT INTO links VALUES (?, ?, ?)", self.links)
        done = [page[:1] for page in self.pages]
        database.executemany("UPDATE urls SET state = 'done' WHERE id = ?", done)
        database.execute("COMMIT")
        self.urls, self.pages, self.links = [], [], []

    def close(self) -> None:
        self.commit()
        self.database.close()
