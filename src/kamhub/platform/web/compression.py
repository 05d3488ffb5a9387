"""Pages made smaller for phones on poor connections, without telling their length."""

from __future__ import annotations

import gzip
import io
import secrets

LEVEL = 5  # a page of 100 kB takes about a millisecond
LEAST = 1_000  # bytes; a smaller page fits into the first packets anyway
MOST_NOISE = 100  # bytes


def accepts_gzip(header: str) -> bool:
    """Whether an ``Accept-Encoding`` takes gzip; one that weighs it nothing does not."""
    for part in header.split(","):
        coding, _, weight = part.strip().partition(";")
        if coding.strip().lower() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def packed(body: bytes) -> bytes:
    """The body as gzip, longer by a random number of bytes.

    A page holds the token of its forms beside words that came with the request. Whoever could watch the exact lengths of
    many answers might guess the one by the other (BREACH); the name of a file in the header of gzip, which nobody reads,
    blurs them (as in "Heal the Breach", https://ieeexplore.ieee.org/document/9754554).
    """
    target = io.BytesIO()
    noise = "a" * secrets.randbelow(MOST_NOISE)
    with gzip.GzipFile(filename=noise, mode="wb", compresslevel=LEVEL, fileobj=target, mtime=0) as packer:
        packer.write(body)
    return target.getvalue()
