"""HTML, and what is turned into it: Markdown and DOCX. One walk over the tree, without recursion: nesting may be deep."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from kamhub.desk.extraction.reader.built import Budget, document_of
from kamhub.desk.extraction.reader.grid import TableCells
from kamhub.desk.extraction.rules import blocks_of_grid, clean, clean_line
from kamhub.desk.extraction.types import Block, Document, Unreadable

# Not read aloud: programs, controls of forms, pictures, and the navigation that is on every page of a site.
_SKIPPED = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "nav",
        "iframe",
        "object",
        "select",
        "option",
        "button",
        "input",
        "textarea",
        "canvas",
        "audio",
        "video",
        "head",
        "-comment",
    )
)
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6, "summary": 6}
_INLINE = frozenset(
    (
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    )
)
_BOLD_HEADING = 100
# The parser takes time by the square of the depth. Elements that are often left open are not counted: the parser closes them.
_DEEPEST = 5_000
_TAG = re.compile(
    r"<(/?)(?!(?:p|li|td|th|tr|dt|dd|br|hr|img|input|meta|link|col|tbody|thead|option|source|wbr|area)\b)[a-z][^\s/>]*",
    re.IGNORECASE,
)


def read_html(text: str, characters: int) -> Document:
    """A page as its reader sees it. Raises ``Unreadable``."""
    if _is_too_deep(text):
        raise Unreadable("damaged", {"error": "nesting"})
    tree = LexborHTMLParser(text)
    title = tree.css_first("head > title")
    budget = Budget(characters)
    blocks = walk(tree, budget)
    return document_of(blocks, "text/html", budget=budget, title=title.text() if title else None)


def read_markdown(text: str, characters: int) -> Document:
    """A document of Markdown. Raises ``Unreadable``."""
    from markdown_it import MarkdownIt

    budget = Budget(characters)
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    blocks = walk(LexborHTMLParser(html), budget, written=True)
    title = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), None)
    return document_of(blocks, "text/markdown", budget=budget, title=title)


def walk(tree: LexborHTMLParser, budget: Budget, *, written: bool = False) -> list[Block]:
    """Blocks of a tree. ``written`` text, unlike a page made for looks, keeps addresses, and what is bold alone is a heading."""
    walker = _Walker(budget, written)
    if tree.body is not None:
        for node, entering in _events(tree.body):
            if entering:
                walker.enter(node)
            else:
                walker.leave(node)
    walker.flush()
    return walker.blocks


def _is_too_deep(text: str) -> bool:
    """Whether elements are nested as no page is."""
    depth = 0
    for tag in _TAG.finditer(text):
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > _DEEPEST:
            return True
    return False


def _events(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every node when it begins, and every element when it ends."""
    node: LexborNode | None = root
    depth = 0
    while node is not None:
        skipped = node.tag in _SKIPPED
        if not skipped:
            yield node, True
        child = None if skipped else node.first_child
        if child is not None:
            node, depth = child, depth + 1
            continue
        if not skipped:
            yield node, False
        while node is not None and depth and node.next is None:
            node, depth = node.parent, depth - 1
            if node is not None:
                yield node, False
        if node is None or not depth:
            return
        node = node.next


class _Walker:
    """Gathers text into the block it belongs to."""

    def __init__(self, budget: Budget, written: bool) -> None:
        self.blocks: list[Block] = []
        self._budget = budget
        self._written = written
        self._line: list[str] = []
        self._plain = False
        self._bold = 0
        self._pre = 0
        self._items: list[str] = []
        self._lists: list[int] = []
        self._tables: list[TableCells | None] = []

    def enter(self, node: LexborNode) -> None:
        """A node begins."""
        tag = node.tag or ""
        if tag == "-text":
            self._text(node.text_content or "")
        elif tag == "br":
            self._line.append("\n")
        elif tag in ("b", "strong"):
            self._bold += 1
        elif tag == "pre":
            self.flush()
            self._pre += 1
        elif tag not in _INLINE:
            self._enter_block(tag, node)

    def leave(self, node: LexborNode) -> None:
        """An element ends."""
        tag = node.tag or ""
        if tag in ("b", "strong"):
            self._bold -= 1
        elif tag == "a" and self._written:
            self._address(node.attributes.get("href") or "")
        elif tag in _HEADINGS:
            self._heading(_HEADINGS[tag])
        elif tag == "dt":
            self._line.append(" — ")
        elif tag == "pre":
            self.flush()
            self._pre -= 1
        elif tag not in _INLINE and not tag.startswith("-") and tag != "br":
            self._leave_block(tag)

    def flush(self) -> None:
        """The paragraph or item that was gathered is over."""
        text = self._taken()
        plain, self._plain = self._plain, False
        if not text:
            return
        if self._lists:
            self._items.append(text)
        elif self._written and not plain and _may_head(text):
            self.blocks.append(Block("heading", text, level=6))
        else:
            self.blocks.append(Block("paragraph", text))

    def _text(self, text: str) -> None:
        self._budget.spend(len(text))
        if not self._pre:
            text = f"{' ' if text[:1].isspace() else ''}{' '.join(text.split())}{' ' if text[-1:].isspace() else ''}"
        self._line.append(text)
        self._plain = self._plain or (not self._bold and bool(text.strip()))

    def _address(self, address: str) -> None:
        if address.startswith(("http://", "https://", "tel:", "mailto:")):
            told = address.removeprefix("tel:").removeprefix("mailto:")
            if told not in "".join(self._line[-3:]):
                self._line.append(f" ({told})")

    def _taken(self) -> str:
        text = clean("".join(self._line))
        self._line = []
        return text

    def _cells(self) -> TableCells | None:
        return self._tables[-1] if self._tables else None

    def _enter_block(self, tag: str, node: LexborNode) -> None:
        if tag == "table":
            self._end_list()
            self._tables.append(None if _for_looks(node) else TableCells(self._budget))
            return
        cells = self._cells()
        if cells is not None:
            if tag == "tr":
                cells.begin_row()
            elif tag in ("td", "th"):
                self._line = []
                cells.begin_cell(node.attributes.get("colspan"), node.attributes.get("rowspan"))
            else:
                self._line.append(" ")
        elif tag in ("ul", "ol", "dl"):
            self._begin_list(tag)
        elif tag == "li":
            self._begin_item()
        elif tag in _HEADINGS:
            self.flush()
        elif tag != "dd":
            self._between()

    def _leave_block(self, tag: str) -> None:
        cells = self._cells()
        if tag == "table" and self._tables:
            self.flush_table(self._tables.pop())
        elif cells is not None:
            if tag in ("td", "th"):
                cells.end_cell(clean_line("".join(self._line)))
                self._line = []
            elif tag == "caption":
                self.flush()
            else:
                self._line.append(" ")
        elif tag in ("ul", "ol", "dl"):
            self.flush()
            if self._lists:
                self._lists.pop()
            if not self._lists:
                self._emit_list()
        elif tag in ("li", "dd"):
            self.flush()
        else:
            self._between()

    def flush_table(self, cells: TableCells | None) -> None:
        """A table is over, or one that only places things."""
        self.flush()
        if cells is not None:
            self.blocks.extend(blocks_of_grid(cells.rows))

    def _begin_list(self, tag: str) -> None:
        if self._lists:
            self.flush()
        else:
            self._between()
        self._lists.append(0 if tag == "ol" else -1)

    def _begin_item(self) -> None:
        self.flush()
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            self._line.append(f"{self._lists[-1]}. ")
            return
        self._line.append("• " if self._lists else "")

    def _between(self) -> None:
        """A paragraph ends; inside of an item it is one with the rest."""
        if self._lists:
            self._line.append(" ")
        else:
            self.flush()

    def _end_list(self) -> None:
        self.flush()
        self._emit_list()

    def _emit_list(self) -> None:
        items = [item for item in self._items if any(c.isalnum() for c in item)]
        self._items = []
        if items:
            self.blocks.append(Block("list", "\n".join(items)))

    def _heading(self, level: int) -> None:
        if self._cells() is not None:
            self._line.append(" ")
            return
        text = " ".join(self._taken().split())
        self._emit_list()
        if text:
            self.blocks.append(Block("heading", text, level=level))


def _may_head(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return (
        len(text) <= _BOLD_HEADING
        and letters >= 3
        and "\n" not in text
        and not text.endswith((".", ",", ";", ":", "!"))
    )


def _for_looks(table: LexborNode) -> bool:
    """Whether a table places parts of a page rather than holding values."""
    if table.attributes.get("role") == "presentation":
        return True
    return any(part.css_first("table, h1, h2, h3, h4") is not None for part in table.iter())
