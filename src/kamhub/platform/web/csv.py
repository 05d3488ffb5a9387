"""Lists as files for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from litestar import Request, Response
from litestar.types import ASGIApp

# How a spreadsheet knows a formula (OWASP, CSV injection); a phone number or a sum is none.
_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-][0-9]+(?:\.[0-9]+)?")
MEDIA_TYPE = "text/csv"
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
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if value is None else harmless(str(value)) for value in row])
    return text.getvalue()


def csv_reply(
    request: Request[Any, Any, Any],
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    headers: Mapping[str, str] | None = None,
) -> ASGIApp:
    """A file of that name; with the mark by which spreadsheets know UTF-8."""
    content = b"\xef\xbb\xbf" + csv_text(columns, rows).encode()
    reply: Response[bytes] = Response(
        content,
        media_type=f"{MEDIA_TYPE}; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
            **(headers or {}),
        },
    )
    return reply.to_asgi_response(app=None, request=request)
