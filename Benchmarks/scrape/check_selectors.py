#!/usr/bin/env python3
"""Checks that `bakery scrape --rules` finds what cssselect with lxml finds.

Runs 100 selectors on 20 pages of the Python documentation, compares the texts of what each finds, in
order, prints the differences, and ends with 1 if there are any.
"""

import json
import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from server import DOCUMENTS, Server
from sides import BAKERY, PYTHON, STORE

PAGE_COUNT = 20
SELECTORS = """
*; a; p; li; dt; h1; h2; code; pre; td
.section; .headerlink; .reference.internal; a.reference; dl.py; p.first; .xref.py; span.pre; div.body; .nothing
#contents; div#searchbox; #functions; [id]; [href]; [title]; [class]; a[href][title]; [lang]; [nothing]
[href="#"]; [class=reference]; [class~=reference]; [class~=internal]; [href^=http]; [href^="https:"]; [href$=".html"]; [href$=".zip"]; [href*=library]; [href*="#"]
[lang|=en]; [id|=module]; [rel=next]; [type="text/javascript"]; a[href^="../"]; a[href$="/"]; [class*="py "]; [title*="PEP"]; [name=q]; [data-nothing]
div p; ul li a; dl dd p; body div div div; table tr td; h1 a; pre span; div.body section; nav li; dt code
ul > li; li > a; dl > dt; body > div; div > p; p > code; tr > td; section > section; dd > p > a; html > head > title
h1 + p; p + p; dt + dd; li + li; h2 + p; dd + dt; h1 ~ p; p ~ ul; dt ~ dt; li ~ li
a:not(.headerlink); p:not([class]); li:not(:first-child); div:not(.section); :is(h1, h2, h3); :is(ul, ol) > li; dl :is(dt, dd); a:not([href^=http]); li:first-child; li:last-child
li:nth-child(2); li:nth-child(odd); li:nth-child(3n+1); tr:nth-child(even); p:nth-of-type(2); p:nth-last-child(1); li:only-child; p:first-of-type; td:empty, th:empty; :root
"""
EXPECTED = """
import json, sys
from cssselect import HTMLTranslator
from lxml import etree
translator = HTMLTranslator()
selectors, *files = json.load(sys.stdin)
paths = [etree.XPath(translator.css_to_xpath(selector), smart_strings=False) for selector in selectors]
for file in files:
    root = etree.parse(file, etree.HTMLParser(encoding="utf-8"))
    texts = [["".join(node.xpath("string()")) for node in path(root)] for path in paths]
    print(json.dumps(texts))
"""


def main() -> int:
    selectors = [selector.strip() for selector in SELECTORS.strip().replace("\n", ";").split(";")]
    files = sorted(DOCUMENTS.glob("library/*.html"))[:PAGE_COUNT]
    with Server() as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fields = [
            f"      f{index}: {{css: {json.dumps(selector)}, many: true}}"
            for index, selector in enumerate(selectors)
        ]
        rules = folder / "rules.yaml"
        rules.write_text("\n".join(["items:", "  all:", "    fields:", *fields, ""]))
        origin = server.seeds(1)[0].removesuffix("index.html")
        urls = {f"{origin}library/{file.name}": file for file in files}
        store = folder / STORE
        options = ["--depth", "0", "--delay", "0", "--rules", str(rules), "--into", str(store)]
        subprocess.run([str(BAKERY), "scrape", *urls, *options], check=True, capture_output=True)
        rows = sqlite3.connect(store).execute(
            "SELECT pages.url, items.data FROM items JOIN pages ON pages.id = items.page"
        )
        found = {urls[url]: json.loads(text) for url, text in rows}
    done = subprocess.run(
        [str(PYTHON), "-c", EXPECTED],
        input=json.dumps([selectors, *map(str, files)]),
        capture_output=True,
        text=True,
        check=True,
    )
    differences = nodes = 0
    for file, line in zip(files, done.stdout.splitlines(), strict=True):
        for index, (selector, expected) in enumerate(zip(selectors, json.loads(line), strict=True)):
            nodes += len(expected)
            texts = found[file][f"f{index}"]
            if [*map(clean, texts)] != [*map(clean, expected)]:
                differences += 1
                print(f"{file.name}: {selector}: {len(texts)} found, {len(expected)} expected")
    print(f"{len(selectors)} selectors on {len(files)} pages, {nodes:,} nodes: {differences} differ")
    return 1 if differences else 0


def clean(text: str) -> str:
    return re.sub(r"[ \t\n\r\f]+", " ", text).strip(" ")


if __name__ == "__main__":
    sys.exit(main())
