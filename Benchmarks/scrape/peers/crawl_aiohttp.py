"""The peer `aiohttp-selectolax`: uvloop, aiohttp and selectolax's Lexbor, in one process.

Arguments: FILE.sqlite SEED…
"""

import asyncio
import sys

import aiohttp
import uvloop
from protego import Protego
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser
from store import Page, Store
from targets import Resolver, join, refresh_target

WORKERS = 16
USER_AGENT = "aiohttp-selectolax"
LINKS = (
    "a[href], area[href], iframe[src], frame[src], link[rel~=next][href],"
    " link[rel~=canonical][href]"
)
REFRESHES = "meta[http-equiv=refresh][content]"


class Crawl:
    """Fetches everything that the seeds lead to on their hosts, with a fixed number of workers."""

    def __init__(self, session: aiohttp.ClientSession, store: Store) -> None:
        self.session = session
        self.store = store
        self.resolver = Resolver()
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.robots: dict[str, asyncio.Task[Protego]] = {}

    async def run(self, seeds: list[str]) -> None:
        for seed in seeds:
            if self.store.find(seed):
                self.queue.put_nowait(seed)
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(self.work()) for _ in range(WORKERS)]
            await self.queue.join()
            for worker in workers:
                worker.cancel()

    async def work(self) -> None:
        while True:
            url = await self.queue.get()
            try:
                if await self.is_allowed(url):
                    await self.fetch(url)
            except (aiohttp.ClientError, TimeoutError) as error:
                print(f"{url}: {error}", file=sys.stderr)
            finally:
                self.queue.task_done()

    async def is_allowed(self, url: str) -> bool:
        origin = url[: url.index("/", 8)]
        if origin not in self.robots:
            self.robots[origin] = asyncio.create_task(self.fetch_robots(origin))
        rules = await self.robots[origin]
        allowed: bool = rules.can_fetch(url, USER_AGENT)
        return allowed

    async def fetch_robots(self, origin: str) -> Protego:
        async with self.session.get(origin + "/robots.txt") as response:
            return Protego.parse(await response.text() if response.ok else "")

    async def fetch(self, url: str) -> None:
        async with self.session.get(url) as response:
            status, kind = response.status, response.content_type
            if not response.ok or kind not in ("text/html", "application/xhtml+xml"):
                self.store.add(Page(url, status, kind))
                return
            body: bytes | str = await response.read()
            if (response.charset or "utf-8").lower() != "utf-8":
                body = await response.text(errors="replace")
        for new in self.store.add(self.parse(url, status, kind, body)):
            self.queue.put_nowait(new)

    def parse(self, url: str, status: int, kind: str, body: bytes | str) -> Page:
        # Without events, since nobody listens to changes of the tree.
        tree = LexborHTMLParser(body, options=LexborDocumentOptions.WO_EVENTS)
        head = tree.head
        assert head is not None, "HTML always has a head"
        references = []
        for node in tree.css(LINKS):
            attributes = node.attributes
            references.append((attributes.get("href") or attributes.get("src") or "").strip())
        for node in head.css(REFRESHES):
            if target := refresh_target(node.attributes["content"] or ""):
                references.append(target)
        base = head.css_first("base[href]")
        base_url = join(url, base.attributes["href"] or "") if base else None
        title = head.css_first("title")
        for node in tree.css("script, style, template"):
            node.decompose()
        return Page(
            url,
            status,
            kind,
            " ".join(title.text().split()) if title else None,
            tree.body.text() if tree.body else "",
            self.resolver.targets(base_url or url, references),
        )


async def main(path: str, seeds: list[str]) -> None:
    store = Store(path, seeds)
    connector = aiohttp.TCPConnector(limit=WORKERS, limit_per_host=WORKERS)
    headers = {"User-Agent": USER_AGENT}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await Crawl(session, store).run(seeds)
    store.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2:]))
