"""The fonts of what is printed. Reading a font and cutting it down is most of the work of making a PDF.

Beside the whole fonts there are cuts of them (``tools/assets/common-fonts.sh``) with what Russian and English texts and most
European names are written with: a ticket then takes a third of the time. A name in other letters gets the whole font.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from fpdf import FPDF

NAME = "DejaVu"
# First and last code point: Latin with its accents, Cyrillic, dashes, quotes, bullets, the euro, the rouble, № and arrows.
COMMON = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x400, 0x45F), (0x490, 0x491), (0x2000, 0x200B), (0x2010, 0x2015), (0x2018, 0x201E), (0x2020, 0x2026),
    (0x202F, 0x2030), (0x2039, 0x203A), (0x20AC, 0x20AC), (0x20BD, 0x20BD), (0x2116, 0x2116), (0x2190, 0x2193),
    (0x2212, 0x2212),
)  # fmt: skip

_FOLDER = Path(__file__).parent / "fonts"
_FACES = (("", "DejaVuSans"), ("B", "DejaVuSans-Bold"))
_KNOWN = frozenset(chr(point) for first, last in COMMON for point in range(first, last + 1)) | set("\n")


def add_fonts(pdf: FPDF, texts: Iterable[object]) -> None:
    """Make ``NAME`` known to the document, regular and bold, with all that the texts among these are written with.

    They may lie in tuples, with anything else beside them.
    """
    common = "-common" if all(_KNOWN.issuperset(text) for text in _texts(texts)) else ""
    for style, face in _FACES:
        pdf.add_font(NAME, style, _FOLDER / f"{face}{common}.ttf")


def _texts(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from _texts(value)
