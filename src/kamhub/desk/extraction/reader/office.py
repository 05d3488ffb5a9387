"""Files of today's office programs: a zip of XML. What it unpacks to is known before it is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from kamhub.desk.extraction.types import Document, Limits, Unreadable

_MEMBERS = 10_000
_OTHERS = {"ppt/": "PPTX", "visio/": "VSDX", "META-INF/container.xml": "EPUB", "content.xml": "ODF"}


def read(content: Path, limits: Limits) -> Document:
    """A DOCX or XLSX. Raises ``Unreadable``, and what the parsers raise."""
    with zipfile.ZipFile(content) as archive:
        members = archive.infolist()
        # Python unpacks no more of a member than its entry says, so the sum of what the entries say is a bound.
        if len(members) > _MEMBERS or sum(member.file_size for member in members) > limits.unpacked_bytes:
            raise Unreadable("unpacks_too_large")
        if any(member.flag_bits & 1 for member in members):
            raise Unreadable("encrypted")
        names = [member.filename for member in members]
    if any(name.startswith("word/") for name in names):
        from kamhub.desk.extraction.reader import docx

        return docx.read(content, limits)
    if any(name.startswith("xl/") for name in names):
        from kamhub.desk.extraction.reader import xlsx

        return xlsx.read(content, limits)
    kinds = (kind for start, kind in _OTHERS.items() if any(name.startswith(start) for name in names))
    raise Unreadable("type_not_supported", {"kind": next(kinds, "ZIP")})
