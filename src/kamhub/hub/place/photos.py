"""Photos as they may be shown: made anew from what was sent, bounded in size, without what a camera writes beside them."""

from __future__ import annotations

import hashlib
import io
import struct

from PIL import Image, ImageOps

from kamhub.hub.place.types import Photo
from kamhub.kit.text import mark
from kamhub.platform.web.problems import FieldError, InputInvalid

MOST_BYTES = 8 * 1024 * 1024
LONGEST_SIDE = 1600
# What the table takes, with room to spare.
_LARGEST_RESULT = 1_900_000
_QUALITIES = (85, 75, 60, 45, 30)
_FORMATS = ("JPEG", "PNG", "WEBP")
# Decoding takes four bytes a pixel. A JPEG is decoded at half the size or less.
_MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
_NO_IMAGE = mark("Choose a photo: JPEG, PNG or WebP.")
_TOO_LARGE = mark("This photo has too many pixels; make it smaller.")
# Whatever the decoders raise on something broken.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, MemoryError, OverflowError)


def develop(sent: bytes) -> Photo:
    """The photo to keep: upright, at most 1,600 pixels a side, JPEG.

    Slow: call it in a thread. What it is is judged by its content alone. Raises ``InputInvalid`` about the field ``file``.
    """
    try:
        with Image.open(io.BytesIO(sent), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS[str(image.format)]:
                raise InputInvalid([FieldError("file", _TOO_LARGE, "too_many_pixels")])
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            flat = _flattened(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError:
        raise InputInvalid([FieldError("file", _TOO_LARGE, "too_many_pixels")]) from None
    except _BROKEN:
        raise InputInvalid([FieldError("file", _NO_IMAGE, "image")]) from None
    content = _encoded(flat)
    return Photo(content, hashlib.sha256(content).digest(), flat.width, flat.height)


def _flattened(image: Image.Image) -> Image.Image:
    """Smaller, on white, in a fresh image: no comment, profile or place of the camera comes along."""
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    flat = Image.new("RGB", image.size, "white")
    if "A" in image.getbands() or "transparency" in image.info:
        seen = image.convert("RGBA")
        flat.paste(seen, mask=seen)
    else:
        flat.paste(image.convert("RGB"))
    return flat


def _encoded(image: Image.Image) -> bytes:
    """As JPEG, the best quality that is small enough."""
    content = b""
    for quality in _QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        content = out.getvalue()
        if len(content) <= _LARGEST_RESULT:
            break
    return content
