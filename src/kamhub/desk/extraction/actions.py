"""Reading a document: by a process of its own for files, in this one for Markdown that was written here."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from kamhub.desk.extraction.reader.answer import Answer, Request
from kamhub.desk.extraction.types import LIMITS, Document, Limits, Unreadable

_PROGRAM = ("-I", "-B", "-m", "kamhub.desk.extraction.reader")
_ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
_MEGABYTE = 1_000_000
# Of a character at most: four bytes, and tables are told twice, as text and as cells.
_BYTES_A_CHARACTER = 10
_COMPLAINT = 10_000
# How the system ends a process for its memory, and how libraries in C and C++ end themselves when they get none.
_OF_MEMORY = {signal.SIGKILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGILL}


async def read(content: Path, name: str, declared: str | None = None, limits: Limits = LIMITS) -> Document:
    """The document in a file, read by a process that ends with it. ``declared`` is a media type; ``name`` is what it was called.

    Both matter only where the content does not tell which kind of text it is. Raises ``Unreadable`` and, for what says nothing of
    the document, ``OSError``: no such file, no process can be started.
    """
    request = await asyncio.to_thread(_request, content, name, declared, limits)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *_PROGRAM,
        request,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_ENVIRONMENT,
        cwd="/",
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limits.seconds):
            answer, complaint, _ = await asyncio.gather(
                _at_most(process.stdout, limits.text_characters * _BYTES_A_CHARACTER),
                _at_most(process.stderr, _COMPLAINT),
                process.wait(),
            )
    except TimeoutError:
        raise _with_limits(Unreadable("too_slow"), limits) from None
    except _TooMuch:
        raise _with_limits(Unreadable("too_large"), limits) from None
    finally:
        await _end(process)
    if process.returncode != 0:
        raise _with_limits(_why_ended(process.returncode or 0, complaint), limits)
    return await asyncio.to_thread(_document, answer, limits)


def read_markdown(text: str) -> Document:
    """The document of an article. Raises ``Unreadable`` when it has no text."""
    from kamhub.desk.extraction.reader import markup

    return markup.read_markdown(text, LIMITS.text_characters)


def _request(content: Path, name: str, declared: str | None, limits: Limits) -> bytes:
    content.stat()
    return msgspec.json.encode(Request(str(content.absolute()), name, declared, limits))


class _TooMuch(Exception):
    """More came than may."""


async def _at_most(stream: asyncio.StreamReader | None, most: int) -> bytes:
    received = bytearray()
    while stream is not None and (chunk := await stream.read(1 << 16)):
        received += chunk
        if len(received) > most:
            raise _TooMuch
    return bytes(received)


async def _end(process: asyncio.subprocess.Process) -> None:
    """The whole group, also what it may have started; then it is waited for, so that none is left as a zombie."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _why_ended(code: int, complaint: bytes) -> Unreadable:
    """A reader that gave no answer was ended by a bound or by a fault of a parser at this file."""
    if code == -signal.SIGXCPU:
        return Unreadable("too_slow")
    if -code in _OF_MEMORY or b"MemoryError" in complaint:
        return Unreadable("out_of_memory")
    return Unreadable("damaged", {"error": f"exit {code}"})


def _document(answer: bytes, limits: Limits) -> Document:
    told = msgspec.json.decode(answer, type=Answer)
    if told.document is None:
        reason = told.refused
        raise _with_limits(Unreadable(reason.reason, reason.facts) if reason else Unreadable("damaged"), limits)
    return told.document


def _with_limits(unreadable: Unreadable, limits: Limits) -> Unreadable:
    """With the facts that its sentence names."""
    facts: dict[str, str | int] = dict(unreadable.facts)
    match unreadable.reason:
        case "too_large":
            facts |= {"megabytes": limits.file_bytes // _MEGABYTE, "characters": limits.text_characters}
        case "unpacks_too_large":
            facts |= {"megabytes": limits.unpacked_bytes // _MEGABYTE}
        case "too_many_pages":
            facts |= {"limit": limits.pages}
        case "too_slow":
            facts |= {"seconds": int(limits.seconds)}
        case _:
            pass
    return Unreadable(unreadable.reason, facts)
