"""Pictures as people and attackers send them."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

EXIF_ORIENTATION, EXIF_MAKER = 0x0112, 0x010F


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 30), mode: str = "RGB", color: object = "red") -> bytes:
    """A small picture of one colour."""
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, form)  # type: ignore[arg-type]
    return out.getvalue()


def telling(size: tuple[int, int] = (40, 30)) -> bytes:
    """A JPEG that tells who made it, and is to be turned by a quarter."""
    image, out = Image.new("RGB", size, "red"), io.BytesIO()
    exif = image.getexif()
    exif[EXIF_ORIENTATION], exif[EXIF_MAKER] = 6, "Secret Camera"
    image.save(out, "JPEG", exif=exif, comment=b"Secret comment")
    return out.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes that says it is that large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )
