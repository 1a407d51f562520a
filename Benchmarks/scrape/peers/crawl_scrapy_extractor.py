"""The peer `scrapy-extractor`: the same crawl, written as Scrapy's own documentation teaches it.

Arguments: FILE.sqlite SEED…

Links come from a `LinkExtractor`, title and text from the response's selector. `crawl_scrapy.py` says
what a spider gains that does without both.
"""

from crawl_scrapy import SiteSpider, crawl
from scrapy.http import HtmlResponse, Response
from scrapy.linkextractors import LinkExtractor
from store import Page
from targets import refresh_target

TAGS = ("a", "area", "iframe", "frame", "link")
PLACES = ("//body", "/html/head/link[@rel = 'next' or @rel = 'canonical']")
REFRESHES = "/html/head/meta[translate(@http-equiv, 'REFSH', 'refsh') = 'refresh']/@content"
TITLE = "normalize-space(/html/head/title)"
TEXT = "/html/body//text()[not(parent::script or parent::style or parent::template)]"


class ExtractorSpider(SiteSpider):
    name = "scrapy-extractor"
    extractor = LinkExtractor(
        tags=TAGS,
        attrs=("href", "src"),
        restrict_xpaths=PLACES,
        deny_extensions=(),
    )

    def page(self, response: Response) -> Page:
        header = response.headers.get("Content-Type") or b""
        kind = header.partition(b";")[0].strip().lower().decode("latin-1")
        if response.status >= 300 or not isinstance(response, HtmlResponse):
            return Page(response.url, response.status, kind)
        references = [link.url for link in self.extractor.extract_links(response)]
        for content in response.xpath(REFRESHES).getall():
            if target := refresh_target(content):
                references.append(target)
        title = response.xpath(TITLE).get()
        text = "".join(response.xpath(TEXT).getall())
        links = self.resolver.targets(response.url, references)
        return Page(response.url, response.status, kind, title, text, links)


if __name__ == "__main__":
    crawl(ExtractorSpider)
