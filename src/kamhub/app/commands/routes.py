"""`kamhub routes`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from kamhub.app.asgi import WebConfig, litestar_app
from kamhub.platform.access.permissions import ALL, ROLE_PERMISSIONS
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.settings import Settings
from kamhub.platform.web.rules import RouteRow, route_table

_COLUMNS = ("method", "path", "access", "permission", "rate", "csrf", "schema", "audit")
_HEADING = """# Routes and rights

Made by `kamhub routes --markdown`; a test compares it with the program. What the words mean: [security](security.md).

## Routes

"""


def routes(*, as_json: bool, as_markdown: bool = False) -> None:
    """Every route with its rule. Needs neither a database nor settings."""
    config = WebConfig(Settings(env="development"), "", KeyRing("none"), "http://localhost", Path())
    rows = route_table(litestar_app(config))
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
    elif as_markdown:
        print(markdown(rows))
    else:
        table = Table(*_COLUMNS, box=None)
        for row in rows:
            table.add_row(*_cells(row))
        Console(width=240).print(table)


def markdown(rows: list[RouteRow]) -> str:
    """The tables of routes and of rights, as they stand in the documentation."""
    roles = list(ROLE_PERMISSIONS)
    rights = [[name, *("yes" if name in ROLE_PERMISSIONS[role] else "" for role in roles)] for name in sorted(ALL)]
    lines = [
        *_table(list(_COLUMNS), [_cells(row) for row in rows]),
        "",
        "## Rights of roles",
        "",
        *_table(["right", *roles], rights),
    ]
    return _HEADING + "\n".join(lines)


def _cells(row: RouteRow) -> list[str]:
    return [str(asdict(row)[column] or "-") for column in _COLUMNS]


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
