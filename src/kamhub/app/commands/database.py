"""`kamhub migrate`, `kamhub demo`, `kamhub check`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from rich.console import Console
from rich.table import Table

from kamhub.app.backups import count_all
from kamhub.app.commands.target import Target, fail, open_target, require_schema, unreachable
from kamhub.app.demo.data import ZONE, demo_password, write_demo
from kamhub.app.demo.knowledge import write_knowledge
from kamhub.app.files import make_files
from kamhub.app.wiring import key_ring
from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.platform.database.errors import DatabaseUnavailable, DatabaseUnsuitable
from kamhub.platform.database.migrate import migrate as run_migrations
from kamhub.platform.file.types import FilesUnavailable

DEMO_FILE = "demo.json"


def migrate(data_dir: Path | None) -> None:
    """Bring the schema up to date."""
    with open_target(data_dir) as target:
        try:
            applied = run_migrations(target.owner_url, lambda name: print(f"applying {name}"))
        except DatabaseUnsuitable as unsuitable:
            fail(str(unsuitable))
        except psycopg.errors.InsufficientPrivilege:
            fail("This login may not change the schema: set KAMHUB_MIGRATION_DATABASE_URL to one that may.")
        except psycopg.OperationalError as error:
            fail(unreachable(error))
    print(f"{len(applied)} migration(s) applied" if applied else "the schema is up to date")


def demo(data_dir: Path | None) -> None:
    """Write or renew the demo data, and note what the stand-in of the payment provider needs."""
    with open_target(data_dir) as target:
        if target.settings.production:
            fail("Demo data is for development; KAMHUB_ENV is production.")
        require_schema(target.owner_url, role=None)
        settings = target.settings
        given = settings.demo_password
        secret = settings.cloudpayments_api_secret
        today = datetime.now(ZoneInfo(ZONE)).date()
        account = write_demo(
            target.owner_url,
            key_ring(settings, target.data_dir),
            demo_password(given.get_secret_value() if given else None, target.data_dir),
            today=today,
            public_id=settings.cloudpayments_public_id,
            api_secret=secret.get_secret_value() if secret else None,
        )
        note = target.data_dir / DEMO_FILE
        note.touch(mode=0o600)
        note.write_text(json.dumps({name: str(value) for name, value in asdict(account).items()}))
        try:
            asyncio.run(write_knowledge(target.owner_url, make_files(settings, target.data_dir), today=today))
        except FilesUnavailable as error:
            print(f"the documents of the demo are left out: files cannot be kept ({error})")
    print("demo data is in place")


def check(data_dir: Path | None) -> None:
    """Count the breaches of every invariant; exit code 1 when there is any."""
    with open_target(data_dir) as target:
        require_schema(target.app_url, role="kamhub_system")
        counts = asyncio.run(_count(target))
    table = Table("invariant", "breaches", "promise", box=None)
    for invariant in INVARIANTS:
        table.add_row(invariant.name, str(counts[invariant.name]), invariant.promise)
    Console(width=160).print(table)
    if any(counts.values()):
        raise SystemExit(1)


async def _count(target: Target) -> dict[str, int]:
    try:
        return await count_all(target.app_url)
    except DatabaseUnavailable as error:
        fail(unreachable(error.__cause__ or error))
