"""From bytes to text, whatever wrote them."""

from __future__ import annotations

import codecs
import re

from kamhub.desk.extraction.types import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What is met in Russia and among its guests; without the list a guess may fall on a character set of another continent.
_LIKELY = ["cp1251", "koi8_r", "cp866", "mac_cyrillic", "cp1252", "cp1250", "latin_1"]
_SAMPLE = 100_000
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_DECLARED = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE)


def decode(content: bytes) -> str:
    """Text of a file. Raises ``Unreadable`` when it is no text."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    wide = _wide(content[:_SAMPLE])
    if wide:
        return content.decode(wide, "replace")
    sample = content[:_SAMPLE]
    if (len(sample) - len(sample.translate(None, _CONTROLS))) * 10 > len(sample):
        raise Unreadable("unknown_type")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _narrow(content)


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of its blanks, digits and signs is zero, and no pair is."""
    half = len(sample) // 2
    if half < 2 or sample[::2].count(0) + sample[1::2].count(0) < half // 10:
        return None
    if sample[1::2].count(0) * 20 < sample[::2].count(0) and not sample[1::2].count(0):
        return _if_letters(sample, "utf-16-be")
    if sample[::2].count(0) * 20 < sample[1::2].count(0) and not sample[::2].count(0):
        return _if_letters(sample, "utf-16-le")
    return None


def _if_letters(sample: bytes, encoding: str) -> str | None:
    text = sample.decode(encoding, "replace")
    return encoding if sum(c.isalnum() or c.isspace() or c.isprintable() for c in text) * 10 > len(text) * 9 else None


def _narrow(content: bytes) -> str:
    """UTF-8 with a few broken places, what a page declares, else the likeliest of the one-byte sets."""
    from charset_normalizer import from_bytes

    text = content.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken <= len(text) - len(text.encode("ascii", "ignore")) - broken:
        return text
    declared = _DECLARED.search(content[:2048])
    if declared:
        try:
            return content.decode(declared[1].decode(), "replace")
        except LookupError:
            pass
    best = from_bytes(content[:_SAMPLE], cp_isolation=_LIKELY).best()
    return content.decode(best.encoding if best else "cp1251", "replace")
