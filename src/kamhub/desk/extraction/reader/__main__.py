"""Reads the document that its only argument names and writes an answer."""

from __future__ import annotations

import sys

import msgspec

from kamhub.desk.extraction.reader.answer import Answer, Refused, Request
from kamhub.desk.extraction.reader.confinement import confine
from kamhub.desk.extraction.reader.dispatch import read
from kamhub.desk.extraction.types import Unreadable


def answer_to(request: Request) -> Answer:
    """The document, or why there is none: whatever a parser raises at a stranger's file is damage of that file."""
    try:
        return Answer(document=read(request))
    except Unreadable as unreadable:
        return Answer(refused=Refused(unreadable.reason, dict(unreadable.facts)))
    except MemoryError:
        return Answer(refused=Refused("out_of_memory"))
    except Exception as error:  # noqa: BLE001 - there is no list of what parsers raise
        return Answer(refused=Refused("damaged", {"error": type(error).__name__}))


def main() -> None:
    """Read, answer, end."""
    request = msgspec.json.decode(sys.argv[1], type=Request)
    confine(request.limits)
    sys.stdout.buffer.write(msgspec.json.encode(answer_to(request)))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
