"""`kamhub routes`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from kamhub.app.asgi import WebConfig, litestar_app
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.settings import Settings
from kamhub.platform.web.rules import route_table

_COLUMNS = ("method", "path", "access", "permission", "rate", "csrf", "schema")


def routes(*, as_json: bool) -> None:
    """Every route with its rule. Needs neither a database nor settings."""
    config = WebConfig(Settings(env="development"), "", KeyRing("none"), "http://localhost", Path())
    rows = [asdict(row) for row in route_table(litestar_app(config))]
    if as_json:
        print(json.dumps(rows))
        return
    table = Table(*_COLUMNS, box=None)
    for row in rows:
        table.add_row(*(str(row[column] or "-") for column in _COLUMNS))
    Console(width=200).print(table)
