"""Lists as files for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from litestar import Request, Response
from litestar.response import Stream
from litestar.types import ASGIApp

# How a spreadsheet knows a formula (OWASP, CSV injection); a phone number or a sum is none.
_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-][0-9]+(?:\.[0-9]+)?")
MEDIA_TYPE = "text/csv"
Batch = TypeVar("Batch")
_UTF8_MARK = b"\xef\xbb\xbf"
# Of a list that is short by nature, such as an operator's vehicles: more is cut off.
MOST_ROWS = 10_000


def wants_csv(request: Request[Any, Any, Any]) -> bool:
    """Whether the caller would rather have a file than JSON."""
    return request.accept.best_match(["application/json", MEDIA_TYPE]) == MEDIA_TYPE


def harmless(cell: str) -> str:
    """The same text, with an apostrophe before what a spreadsheet would carry out."""
    if cell.startswith(_FORMULA_BEGINNINGS) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Header and rows, lines ended as RFC 4180 has it; None is an empty cell."""
    header = io.StringIO()
    csv.writer(header).writerow(columns)
    return header.getvalue() + _written(rows)


def _written(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow(["" if value is None else harmless(str(value)) for value in row])
    return text.getvalue()


def _file_headers(name: str) -> dict[str, str]:
    return {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}


def csv_stream(
    request: Request[Any, Any, Any],
    name: str,
    columns: Sequence[str],
    batches: AsyncIterable[Batch],
    cells: Callable[[Batch], Iterable[Sequence[object]]],
) -> ASGIApp:
    """A file of that name, sent as its batches are read, however many there are; ``cells`` gives the rows of one."""

    async def lines() -> AsyncIterator[bytes]:
        yield _UTF8_MARK + csv_text(columns, ()).encode()
        async for batch in batches:
            yield _written(cells(batch)).encode()

    # The stream names the character set by itself.
    file = Stream(lines(), media_type=MEDIA_TYPE, headers=_file_headers(name))
    return file.to_asgi_response(app=None, request=request)


def csv_reply(
    request: Request[Any, Any, Any],
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    headers: Mapping[str, str] | None = None,
) -> ASGIApp:
    """A file of that name; with the mark by which spreadsheets know UTF-8."""
    content = _UTF8_MARK + csv_text(columns, rows).encode()
    reply: Response[bytes] = Response(
        content,
        media_type=f"{MEDIA_TYPE}; charset=utf-8",
        headers={**_file_headers(name), **(headers or {})},
    )
    return reply.to_asgi_response(app=None, request=request)
