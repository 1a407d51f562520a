#!/usr/bin/env python3
"""Says what is in a store of `bakery scrape` or of a peer, so that two crawls can be compared.

Arguments: FILE.sqlite [OTHER.sqlite]. With one file it prints numbers as JSON: HTML pages and links
with digests of their sets, and characters of text but white space. With two it prints the pages and
links that only one of them has.

Links from a page to itself do not count: some crawlers follow `#place` as one, and some do not.
"""

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable

WHITE_SPACE = " \t\n\r\f\N{NO-BREAK SPACE}"

PAGES = "SELECT urls.url FROM pages JOIN urls USING (id) WHERE pages.text IS NOT NULL"
LINKS = """
SELECT sources.url || ' -> ' || targets.url FROM links
JOIN urls AS sources ON sources.id = links.source JOIN urls AS targets ON targets.id = links.target
WHERE links.source <> links.target
"""
TEXTS = "SELECT text FROM pages WHERE text IS NOT NULL"


def read(path: str) -> dict[str, int | str]:
    pages, links = column(path, PAGES), column(path, LINKS)
    text = sum(len(text) - sum(map(text.count, WHITE_SPACE)) for text in column(path, TEXTS))
    return {
        "pages": len(pages),
        "digest of pages": digest(pages),
        "links": len(links),
        "digest of links": digest(links),
        "text": text,
    }


def column(path: str, query: str) -> list[str]:
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    return [value for (value,) in database.execute(query)]


def digest(values: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(values)).encode()).hexdigest()


def compare(path: str, other: str) -> None:
    for query in (PAGES, LINKS):
        ours, theirs = set(column(path, query)), set(column(other, query))
        for name, values in (("first", ours - theirs), ("second", theirs - ours)):
            for value in sorted(values):
                print(f"{name} only: {value}")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(json.dumps(read(sys.argv[1])))
    else:
        compare(*sys.argv[1:])
