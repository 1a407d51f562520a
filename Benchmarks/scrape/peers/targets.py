"""Makes URLs of the references in a page, for the Python peers."""

from collections.abc import Iterable

import ada_url


class Resolver:
    """Resolves references as the WHATWG URL standard says, by `ada`, the fastest library for it.

    Pages of one folder have most references in common, so results are kept by folder.
    """

    def __init__(self) -> None:
        self.folders: dict[str, dict[str, str | None]] = {}

    def targets(self, base: str, references: Iterable[str]) -> list[str]:
        """The HTTP targets without fragments, each once, in order of first appearance.

        What leads nowhere but to a place in the page is left out.
        """
        known = self.folders.setdefault(base[: base.rindex("/") + 1], {})
        targets: dict[str, None] = {}
        for reference in dict.fromkeys([text.partition("#")[0] for text in references]):
            if not reference:
                continue
            if reference in known:
                target = known[reference]
            else:
                target = join(base, reference)
                # All others mean the same in every page of a folder.
                if reference[0] != "?":
                    known[reference] = target
            if target is not None:
                targets[target] = None
        return list(targets)


def join(base: str, reference: str) -> str | None:
    """The target if it is an HTTP URL."""
    try:
        target: str = ada_url.join_url(base, reference)
    except ValueError:
        return None
    return target if target.startswith(("http://", "https://")) else None


def refresh_target(content: str) -> str | None:
    """The reference in the `content` of a `meta` element that refreshes: `0; url=page.html`."""
    _, separator, rest = content.replace(",", ";", 1).partition(";")
    name, equals, target = rest.partition("=")
    if not separator or not equals or name.strip().lower() != "url":
        return None
    return target.strip().strip("'\"")
