"""What a browser would make of a reply, and marks that show where a text has become markup."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

import httpx

# Ends an attribute in either kind of quotes or in none, ends a tag, begins an element of its own.
_CANARY = "\"><svg/onload=x{n}>' onload=x{n} "
_ADDRESS = "'onload=x{n}&lt@people.example"  # as much of it as an e-mail may have
_LEADS = frozenset({"href", "src", "action", "formaction", "data", "poster", "hx-get", "hx-post", "srcdoc"})
_SCHEMES = ("javascript:", "data:text", "vbscript:")
_DOCUMENTS = ("application/json", "application/problem+json", "text/csv", "text/calendar", "application/pdf")


def canary(number: int) -> str:
    """A text that is markup wherever it is not escaped."""
    return _CANARY.format(n=number)


def address_canary(number: int) -> str:
    """The same as an e-mail address."""
    return _ADDRESS.format(n=number)


@dataclass
class Page(HTMLParser):
    """A page as parsed: its texts, the values of its attributes, and what nobody of ours has written."""

    faults: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    """Names of fields that go back unseen."""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.texts += told.values()
        if tag in {"input", "textarea"} and "name" in told:
            self.fields[told["name"]] = told.get("value", "")
            if told.get("type") == "hidden":
                self.hidden.add(told["name"])
        for name, value in told.items():
            if name.startswith("on") or not name.replace("-", "").replace(":", "").isalnum():
                self.faults.append(f"<{tag} {name}={value!r}>")
            if name in _LEADS:
                self.links.append(value)
                if value.strip().lower().startswith(_SCHEMES):
                    self.faults.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """Everything a reader may be shown."""
        return "\n".join(self.texts)


@lru_cache(maxsize=4096)
def parsed(html: str) -> Page:
    """That page; looked at for faults, and later for what it shows."""
    page = Page()
    page.feed(html)
    page.close()
    return page


def faults_of(reply: httpx.Response) -> list[str]:
    """What has become markup in it, or could in a browser that guesses."""
    kind = reply.headers.get("content-type", "").partition(";")[0]
    if kind == "text/html":
        raw = ["<svg/onload in the source"] if "<svg/onload" in reply.text else []
        return [*raw, *parsed(reply.text).faults]
    if "<svg/onload" not in reply.text:
        return []
    guessed = reply.headers.get("x-content-type-options") != "nosniff"
    return [f"markup in {kind or 'nothing'}"] if guessed or kind not in _DOCUMENTS else []


def shown(pages: Iterable[str]) -> str:
    """Everything those pages show, with single blanks."""
    return " ".join(" ".join(parsed(page).text.split()) for page in pages)
