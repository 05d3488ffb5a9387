"""Which format a file is in, by its content, and what reads that."""

from __future__ import annotations

import re
from pathlib import PurePath

from kamhub.desk.extraction.reader.answer import Request
from kamhub.desk.extraction.types import Document, Unreadable

_MAGIC = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"{\\rtf", "RTF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"%!PS", "PostScript"),
    (b"\x7fELF", "program"),
    (b"MZ\x90", "program"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_KINDS = (("WordDocument", "DOC"), ("Workbook", "XLS"), ("PowerPoint Document", "PPT"))
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_XML = re.compile(r"\s*<(?:\?xml|!doctype|svg)\b", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)


def read(request: Request) -> Document:
    """The document of a request. Raises ``Unreadable``, and whatever a parser raises at damage."""
    size = request.content.stat().st_size
    if size == 0:
        raise Unreadable("empty")
    if size > request.limits.file_bytes:
        raise Unreadable("too_large")
    with request.content.open("rb") as file:
        start = file.read(2048)
    if b"%PDF-" in start[:1024]:
        from kamhub.desk.extraction.reader import pdf

        return pdf.read(request.content, request.limits)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        from kamhub.desk.extraction.reader import office

        return office.read(request.content, request.limits)
    if start.startswith(_OLE):
        raise _why_ole(request.content.read_bytes())
    kind = next((name for magic, name in _MAGIC if start.startswith(magic)), None)
    if kind is not None:
        raise Unreadable("type_not_supported", {"kind": kind})
    return _read_text(request)


def _why_ole(content: bytes) -> Unreadable:
    """Office keeps what it encrypts in the container of its old formats."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        return Unreadable("encrypted")
    kinds = (kind for name, kind in _OLE_KINDS if name.encode("utf-16-le") in content)
    return Unreadable("type_not_supported", {"kind": next(kinds, "OLE")})


def _read_text(request: Request) -> Document:
    from kamhub.desk.extraction.reader import markup, plain, separated
    from kamhub.desk.extraction.reader.decoding import decode

    text = decode(request.content.read_bytes())
    if len(text) > request.limits.text_characters:
        raise Unreadable("too_large")
    if not text.strip():
        raise Unreadable("empty")
    match kind_of_text(text, request.name, request.declared):
        case "html":
            return markup.read_html(text, request.limits.text_characters)
        case "markdown":
            return markup.read_markdown(text, request.limits.text_characters)
        case "csv":
            return separated.read(text, request.limits.text_characters)
        case "text":
            return plain.read(text)
        case kind:
            raise Unreadable("type_not_supported", {"kind": kind})


def kind_of_text(text: str, name: str, declared: str | None) -> str:
    """html, markdown, csv or text; XML for what is none of them. The name decides where the content does not."""
    from kamhub.desk.extraction.reader.separated import separator_of

    if _HTML.match(text[:4096]):
        return "html"
    if _XML.match(text[:200]):
        return "XML"
    ending = PurePath(name).suffix.lower()
    named = _BY_ENDING.get(ending) or _BY_TYPE.get((declared or "").split(";")[0].strip().lower())
    if named is not None:
        return named
    if _HEADING.search(text[:20_000]):
        return "markdown"
    return "csv" if separator_of(text, ";\t") else "text"


_BY_ENDING = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "text",
    ".text": "text",
    ".htm": "html",
    ".html": "html",
    ".xhtml": "html",
}
_BY_TYPE = {"text/markdown": "markdown", "text/csv": "csv", "text/html": "html", "application/xhtml+xml": "html"}
