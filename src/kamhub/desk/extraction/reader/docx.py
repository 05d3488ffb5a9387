"""DOCX by mammoth, which knows revisions, content controls, text boxes and notes; its HTML is walked as any other."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import mammoth
from defusedxml import ElementTree
from selectolax.lexbor import LexborHTMLParser

from kamhub.desk.extraction.reader.built import Budget, document_of
from kamhub.desk.extraction.reader.markup import walk
from kamhub.desk.extraction.types import Document, Limits

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_DEEPEST = 6


def read(content: Path, limits: Limits) -> Document:
    """Headings by the outline levels of styles, lists, tables. Raises ``Unreadable``, and what the parsers raise."""
    with zipfile.ZipFile(content) as archive:
        styles = "\n".join(_style_map(_part(archive, "word/styles.xml")))
        properties = _part(archive, "docProps/core.xml")
    with content.open("rb") as file:
        html = mammoth.convert_to_html(
            file,
            style_map=styles,
            include_embedded_style_map=False,
            convert_image=mammoth.images.img_element(lambda _image: {}),
            ignore_empty_paragraphs=True,
        ).value
    budget = Budget(limits.text_characters)
    title = properties.findtext(_TITLE) if properties is not None else None
    blocks = walk(LexborHTMLParser(html), budget, written=True)
    return document_of(blocks, MEDIA_TYPE, budget=budget, title=title)


def _part(archive: zipfile.ZipFile, name: str) -> Element | None:
    """A part as XML, if the file has it."""
    return ElementTree.fromstring(archive.read(name)) if name in archive.namelist() else None


def _style_map(styles: Element | None) -> Iterator[str]:
    """Which styles are headings, by the outline level they have or inherit; a table of contents is left out."""
    if styles is None:
        return
    found = {
        style.get(f"{_W}styleId", ""): style
        for style in styles.iter(f"{_W}style")
        if style.get(f"{_W}type") == "paragraph"
    }
    for style in found.values():
        name = _value(style, "name")
        if not name or "'" in name or "\\" in name:
            continue
        if name.lower().startswith("toc ") and name[4:].isdigit():
            yield f"p[style-name='{name}'] => !"
        elif name.lower() == "title":
            yield f"p[style-name='{name}'] => h1:fresh"
        elif (level := _outline_level(style, found)) is not None:
            yield f"p[style-name='{name}'] => h{level}:fresh"


def _outline_level(style: Element, styles: dict[str, Element]) -> int | None:
    """1 to 6; None for body text."""
    for _ in range(20):
        level = style.find(f"{_W}pPr/{_W}outlineLvl")
        if level is not None:
            value = level.get(f"{_W}val", "")
            return int(value) + 1 if value.isdigit() and len(value) == 1 and int(value) < _DEEPEST else None
        parent = styles.get(_value(style, "basedOn"))
        if parent is None:
            return None
        style = parent
    return None


def _value(style: Element, name: str) -> str:
    element = style.find(f"{_W}{name}")
    return "" if element is None else element.get(f"{_W}val", "")
