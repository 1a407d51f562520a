"""The peer `scrapy`: the same crawl as a Scrapy spider.

Arguments: FILE.sqlite SEED…

It takes pages apart with XPath on the tree of the response, which costs a fraction of Scrapy's
`LinkExtractor`, and switches off what the crawl does not need.
"""

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

from lxml import etree
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import HtmlResponse, Response
from store import Page, Store
from targets import Resolver, join, refresh_target


def xpath(query: str) -> etree.XPath:
    return etree.XPath(query, smart_strings=False)


REFERENCES = xpath(
    "//a/@href | //area/@href | //iframe/@src | //frame/@src"
    " | /html/head/link[@rel = 'next' or @rel = 'canonical']/@href"
)
REFRESHES = xpath("/html/head/meta[translate(@http-equiv, 'REFSH', 'refsh') = 'refresh']/@content")
BASE = xpath("string(/html/head/base/@href)")
TITLE = xpath("normalize-space(/html/head/title)")
TEXT = xpath("string(/html/body)")


class StorePipeline:
    """Hands pages to the store, which writes them in batches."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert isinstance(crawler.spider, SiteSpider)
        return cls(crawler.spider.store)

    def process_item(self, page: Page) -> Page:
        self.store.add(page)
        return page

    def close_spider(self) -> None:
        self.store.close()


class SiteSpider(Spider):
    """Fetches everything that the seeds lead to on their hosts."""

    name = "scrapy"

    def __init__(self, path: str, seeds: list[str]) -> None:
        super().__init__()
        self.seeds = seeds
        self.store = Store(path, seeds)
        self.resolver = Resolver()

    async def start(self) -> AsyncIterator[Request]:
        for seed in filter(self.store.find, self.seeds):
            yield Request(seed)

    def parse(self, response: Response, **_: Any) -> Iterator[Page | Request]:
        page = self.page(response)
        new = list(filter(self.store.find, page.links))
        yield page
        for url in new:
            yield Request(url)

    def page(self, response: Response) -> Page:
        header = response.headers.get("Content-Type") or b""
        kind = header.partition(b";")[0].strip().lower().decode("latin-1")
        if response.status >= 300 or not isinstance(response, HtmlResponse):
            return Page(response.url, response.status, kind)
        # `response.selector` keeps its tree alive: three times the memory, and more time.
        parser = etree.HTMLParser(encoding=response.encoding, remove_comments=True, remove_pis=True)
        root = etree.fromstring(response.body, parser)
        references = [text.strip() for text in REFERENCES(root)]
        references += [target for text in REFRESHES(root) if (target := refresh_target(text))]
        base = join(response.url, BASE(root)) or response.url
        title = TITLE(root)
        etree.strip_elements(root, "script", "style", "template", with_tail=False)
        return Page(
            response.url,
            response.status,
            kind,
            title,
            TEXT(root),
            self.resolver.targets(base, references),
        )


SETTINGS = {
    "ASYNCIO_EVENT_LOOP": "uvloop.Loop",
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    # More would start that many tasks for each page, and the pipeline never waits.
    "CONCURRENT_ITEMS": 1,
    "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": True,
    "ITEM_PIPELINES": {StorePipeline: 1},
    "HTTPERROR_ALLOW_ALL": True,
    # The store knows every URL, and what refreshes is a link here.
    "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
    "METAREFRESH_ENABLED": False,
    "COOKIES_ENABLED": False,
    "HTTPPROXY_ENABLED": False,
    "REFERER_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "LOG_LEVEL": "WARNING",
}


def crawl(spider: type[SiteSpider]) -> None:
    """Runs a spider with the arguments of the process."""
    process = AsyncCrawlerProcess(SETTINGS)
    process.crawl(spider, sys.argv[1], sys.argv[2:])
    process.start()


if __name__ == "__main__":
    crawl(SiteSpider)
