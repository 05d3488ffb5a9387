"""`kamhub doctor`: what is well and what is not."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
from rich.console import Console
from rich.table import Table

from kamhub.app.commands.target import Target, known_target
from kamhub.app.demo.timetable import MAIN, SECOND
from kamhub.platform.backup.rules import is_overdue, newest_of
from kamhub.platform.backup.store import runs
from kamhub.platform.backup.types import BackupState
from kamhub.platform.database.errors import DatabaseUnsuitable
from kamhub.platform.database.migrate import check_server, missing
from kamhub.platform.embedded.data_dir import default_data_dir, lock_holder
from kamhub.platform.job.store.lists import dead_letters
from kamhub.platform.monitoring import store
from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.monitoring.relay import send_trial
from kamhub.platform.monitoring.types import Finding, weak
from kamhub.platform.monitoring.weak_files import look_at_files
from kamhub.platform.monitoring.weak_settings import look_at_settings
from kamhub.platform.outbound.types import AnswerLost, NotReached
from kamhub.platform.settings import SettingsRefused, load_settings

FREE_DISK_WANTED = 1_000_000_000


def doctor(data_dir: Path | None, *, as_json: bool, trial: bool = False) -> None:
    """Look at settings, database, schema, data folder; exit code 1 when something is not well.

    ``trial`` sends Sentry a fault that is none, to see whether it takes it.
    """
    findings, target = _examine(data_dir)
    if trial:
        findings.append(_sentry_trial())
    report: dict[str, object] = {"ok": all(f.ok for f in findings), "findings": [asdict(f) for f in findings]}
    if target is not None:
        report |= {"data_dir": str(target.data_dir), "database_url": target.app_url}
        if holder := lock_holder(target.data_dir):
            report |= {"pid": holder.pid, "url": holder.url}
    if as_json:
        print(json.dumps(report))
    else:
        table = Table("", "what", "detail", box=None)
        for finding in findings:
            table.add_row(_verdict(finding), finding.name, finding.detail)
        Console(width=140).print(table)
    if not report["ok"]:
        raise SystemExit(1)


def _sentry_trial() -> Finding:
    name = "sentry"
    try:
        settings = load_settings()
    except SettingsRefused:
        return Finding(name, False, "not tried: the settings are refused")
    if settings.sentry_dsn is None:
        return Finding(name, False, "KAMHUB_SENTRY_DSN is not set")
    configure_logging(settings)  # the line of the call belongs to standard error
    number = uuid4()
    try:
        answer = asyncio.run(
            send_trial(settings.sentry_dsn.get_secret_value(), number, settings.env, datetime.now(UTC))
        )
    except (NotReached, AnswerLost) as error:
        return Finding(name, False, str(error))
    return Finding(name, answer.status < 300, f"a test error was answered {answer.status}, its id is {number.hex}")


def _verdict(finding: Finding) -> str:
    if not finding.ok:
        return "NOT"
    return "note" if finding.note else "ok"


def _examine(data_dir: Path | None) -> tuple[list[Finding], Target | None]:
    try:
        settings = load_settings()
    except SettingsRefused as refused:
        return [Finding("settings", False, str(refused))], None
    folder = (data_dir or settings.data_dir or default_data_dir()).absolute()
    findings = [
        Finding("settings", True, f"environment {settings.env}"),
        *look_at_settings(settings),
        _disk(folder),
        *look_at_files(folder, production=settings.production),
    ]
    target = known_target(settings, folder)
    if target is None:
        return [*findings, Finding("database", False, "no KAMHUB_DATABASE_URL, and no embedded database runs")], None
    return [*findings, *_database(target)], target


def _disk(folder: Path) -> Finding:
    place = folder if folder.exists() else Path("/")
    free = shutil.disk_usage(place).free
    writable = not folder.exists() or os.access(folder, os.W_OK)
    return Finding("data folder", free > FREE_DISK_WANTED and writable, f"{folder}, {free // 10**9} GB free")


def _database(target: Target) -> list[Finding]:
    production = target.settings.production
    try:
        with psycopg.connect(target.app_url, connect_timeout=5, autocommit=True) as connection:
            server = f"PostgreSQL {connection.info.server_version // 10000}"
            schema = _judge("schema", "up to date", lambda: _current(connection))
            return [
                _judge("database", server, lambda: check_server(connection)),
                schema,
                _login(connection, production=production),
                *(_people(connection, production=production) if schema.ok else ()),
                *((_dead_letters(connection), _backups(target)) if schema.ok else ()),
            ]
    except psycopg.OperationalError as error:
        return [Finding("database", False, str(error).strip().splitlines()[0])]


def _judge(name: str, good: str, look: Callable[[], None]) -> Finding:
    try:
        look()
    except (DatabaseUnsuitable, psycopg.Error) as error:
        return Finding(name, False, str(error).strip().splitlines()[0])
    return Finding(name, True, good)


def _current(connection: psycopg.Connection) -> None:
    connection.execute("SET ROLE kamhub_system")
    if pending := missing(connection):
        raise DatabaseUnsuitable(f"{len(pending)} migration(s) are missing: run `kamhub migrate`")


def _login(connection: psycopg.Connection, *, production: bool) -> Finding:
    """Whether the login itself is held by row-level security; the roles it takes always are."""
    name = "row-level security"
    bypasses, owns = store.login_rights(connection)
    if bypasses:
        return weak(name, "this login could bypass it: production needs one that cannot", production=production)
    if owns:
        return weak(name, "this login owns the tables and could switch it off: use another", production=production)
    return Finding(name, True, "the running login does not bypass it")


def _dead_letters(connection: psycopg.Connection) -> Finding:
    """What failed for good waits for a person: that is not well."""
    number = dead_letters(connection)
    detail = f"{number} wait(s) for a decision: run `kamhub jobs dead`" if number else "none"
    return Finding("dead letters", number == 0, detail)


def _backups(target: Target) -> Finding:
    """Whether there is a fresh backup, and whether the last one that was restored for trial was good."""
    name, production = "backups", target.settings.production
    if target.settings.backups == "off":
        return Finding(name, True, "switched off by KAMHUB_BACKUPS", note=True)
    state = asyncio.run(_backup_state(target.app_url))
    hours = (datetime.now(UTC) - newest_of(state)) // timedelta(hours=1)
    if is_overdue(state, datetime.now(UTC)):
        return weak(name, f"the newest is {hours} h old: run `kamhub backup create`", production=production)
    if state.verified_ok is False:
        return weak(name, "the last trial of a restore failed: run `kamhub backup verify`", production=production)
    if state.created_at is None:
        return Finding(name, True, "none yet: the worker makes the first one within six hours", note=True)
    proven = f"proven {state.verified_at:%Y-%m-%d %H:%M} UTC" if state.verified_at else "not proven yet"
    return Finding(name, True, f"the newest is {hours} h old, {proven}")


async def _backup_state(url: str) -> BackupState:
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=5, autocommit=True) as connection:
        await connection.execute("SET ROLE kamhub_system")
        return await runs.state(connection)


def _people(connection: psycopg.Connection, *, production: bool) -> list[Finding]:
    demo = store.people_of_domains(connection, [f"{slug}.example" for slug in (MAIN, SECOND)])
    single = store.owners_without_second_factor(connection)
    endless = store.keys_without_expiry(connection)
    return [
        Finding("demo people", not (demo and production), f"{demo} may sign in", note=bool(demo)),
        Finding("second factor", True, f"{single} owner(s) and administrator(s) have none", note=bool(single)),
        Finding("API keys", True, f"{endless} never expire(s)", note=bool(endless)),
    ]
