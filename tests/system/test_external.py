"""The product on a PostgreSQL that it does not look after itself, and every way in which that can go wrong."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import httpx
import psycopg
import pytest

from kamhub.app.cli import app
from kamhub.app.demo.data import demo_id
from kamhub.app.demo.timetable import MAIN
from kamhub.platform.embedded.types import ClusterAddress
from tests.system.product import KAMHUB, Product, command, environment, free_port, said_in_a_sentence, wait_for

SERVING_WITHIN = 90.0  # seconds, on a machine busy with other tests
PRODUCTION_NEEDS = (
    "KAMHUB_SECRET_KEY", "KAMHUB_REDIS_URL", "KAMHUB_ALLOWED_ORIGINS", "KAMHUB_PUBLIC_URL", "KAMHUB_RATE_LIMITS",
)  # fmt: skip

PRODUCTION = {
    "env": "production",
    "secret_key": "0123456789abcdefghijklmnopqrstuvwxyz",
    "redis_url": "redis://:x@127.0.0.1:9/0",
    "allowed_origins": "https://hub.example",
    "public_url": "https://hub.example",
}

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True, slots=True)
class External:
    """A database of somebody else's server, by the login that owns it and the one that runs on it."""

    owner: str
    app: str


@pytest.fixture
def external(postgres: ClusterAddress) -> Iterator[External]:
    """An empty database."""
    name = f"external_{uuid4().hex}"
    maintenance = postgres.owner_url.rsplit("/", 1)[0] + "/postgres"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield External(*(url.rsplit("/", 1)[0] + f"/{name}" for url in (postgres.owner_url, postgres.app_url)))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_everything_runs_on_it(external: External, tmp_path: Path) -> None:
    both = {"database_url": external.app, "migration_database_url": external.owner, "data_dir": str(tmp_path)}
    for step in ("migrate", "demo"):
        done = _inside(step, **both)
        assert done.returncode == 0, done.stderr
    health = free_port()
    serving = environment(**both, rate_limits="off", worker_health_port=str(health), log_level="warning")
    port = free_port()
    with _running(serving, "web", "--port", str(port)), _running(serving, "worker"):
        wait_for(lambda: _answers(f"http://127.0.0.1:{port}/health/ready"), SERVING_WITHIN, "web serves")
        wait_for(lambda: _answers(f"http://127.0.0.1:{health}/health"), SERVING_WITHIN, "the worker is well")
        with psycopg.connect(external.owner) as connection:
            row = connection.execute(
                "SELECT id FROM departures WHERE departs_at > now() + interval '2 days' LIMIT 1"
            ).fetchone()
        assert row is not None
        reply = httpx.post(
            f"http://127.0.0.1:{port}/api/transfers/hold", json={"departure_id": str(row[0]), "passengers": 2}
        )
        assert reply.status_code == 201, reply.text
        assert _inside("check", **both).returncode == 0
        doctor = _inside("doctor", "--json", **both)
        report = json.loads(doctor.stdout)
        assert (doctor.returncode, report["ok"], report["database_url"]) == (0, True, external.app), doctor.stdout


def test_up_looks_after_web_and_worker_on_it(external: External, tmp_path: Path) -> None:
    settings = environment(
        database_url=external.app, migration_database_url=external.owner, data_dir=str(tmp_path), log_level="warning"
    )
    port = free_port()
    with _running(settings, "up", "--no-demo", "--port", str(port)):
        wait_for(lambda: _answers(f"http://127.0.0.1:{port}/health/ready"), SERVING_WITHIN, "web serves")
        assert httpx.get(f"http://127.0.0.1:{port}/api/places", timeout=10).json()["items"] == []
    assert not (tmp_path / "postgres").exists()


@contextmanager
def _running(settings: dict[str, str], *arguments: str) -> Iterator[None]:
    process = subprocess.Popen([*KAMHUB, *arguments], env=settings)
    try:
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, arguments
    finally:
        process.kill()
        process.wait(5)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _inside(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command that comes to an end, run in this process: that saves a second of imports each time."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with patch.dict(os.environ, environment(**settings), clear=True), redirect_stdout(out), redirect_stderr(err):
        try:
            app(list(arguments), result_action="return_value")
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def _all_say(*names: str, **settings: str) -> list[str]:
    """The sentences of these commands, each run once; those that would serve in a process of their own."""
    serving = [name for name in names if name in ("web", "worker")]
    with ThreadPoolExecutor(2) as pool:
        served = list(pool.map(lambda name: command(name, **settings), serving))
    return [
        said_in_a_sentence(done)
        for done in served + [_inside(name, **settings) for name in names if name not in serving]
    ]


def test_one_that_cannot_be_reached_is_told_in_a_sentence(tmp_path: Path) -> None:
    url = f"postgresql://somebody:secret@127.0.0.1:{free_port()}/nowhere"
    settings = {"database_url": url, "data_dir": str(tmp_path)}
    for sentence in _all_say("migrate", "web", "worker", "check", "demo", **settings):
        assert "cannot be reached" in sentence
        assert "secret" not in sentence
    up = command("up", "--port", str(free_port()), **settings)
    assert "cannot be reached" in said_in_a_sentence(up)
    report = json.loads(_inside("doctor", "--json", **settings).stdout)
    assert not report["ok"]
    assert [finding["name"] for finding in report["findings"] if not finding["ok"]] == ["database"]


def test_one_without_a_schema_is_told_in_a_sentence(external: External, tmp_path: Path) -> None:
    settings = {"database_url": external.app, "data_dir": str(tmp_path)}
    for sentence in _all_say("web", "worker", "check", "demo", **settings):
        assert "kamhub migrate" in sentence
    assert "KAMHUB_MIGRATION_DATABASE_URL" in said_in_a_sentence(_inside("migrate", **settings))
    assert _inside("doctor", "--json", **settings).returncode == 1


def test_one_of_a_newer_program_is_told_in_a_sentence(
    database_url: str, database_owner_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(database_owner_url) as connection:
        connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, '9999_later.sql', 'x')"
        )
    settings = {"database_url": database_url, "migration_database_url": database_owner_url, "data_dir": str(tmp_path)}
    for sentence in _all_say("migrate", "web", "worker", "check", "demo", **settings):
        assert "newer program" in sentence


def test_a_login_that_may_not_take_the_running_roles_is_told_so(database_owner_url: str, tmp_path: Path) -> None:
    name = f"stranger_{uuid4().hex}"
    with psycopg.connect(database_owner_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'".encode())
        try:
            url = f"postgresql://{name}:x@{database_owner_url.split('@', 1)[1]}"
            for sentence in _all_say("web", "check", database_url=url, data_dir=str(tmp_path)):
                assert "GRANT kamhub_public" in sentence
        finally:
            connection.execute(f"DROP ROLE {name}".encode())


@pytest.mark.parametrize(("env", "code"), [("development", 0), ("production", 1)])
def test_a_login_that_sees_through_the_walls_is_pointed_out(
    env: str, code: int, database_owner_url: str, tmp_path: Path
) -> None:
    done = command(
        "doctor", "--json", **PRODUCTION | {"env": env}, database_url=database_owner_url, data_dir=str(tmp_path)
    )
    finding = next(f for f in json.loads(done.stdout)["findings"] if f["name"] == "row-level security")
    assert "could bypass it" in finding["detail"]
    assert (done.returncode, finding["ok"]) == (code, code == 0), done.stdout


def test_the_running_login_cannot_see_past_its_organisation(product: Product) -> None:
    url = json.loads(product.command("doctor", "--json").stdout)["database_url"]
    count = "SELECT count(DISTINCT organisation_id) FROM departures"
    assert product.rows(count) == [(2,)]
    with psycopg.connect(url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(count.encode())
        for forbidden in (
            "SET ROLE kamhub_owner",
            "SET row_security = off; SET ROLE kamhub_tenant; SELECT * FROM departures",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden.encode())
        connection.execute("RESET row_security")
        connection.execute("SET ROLE kamhub_tenant")
        assert connection.execute(count.encode()).fetchall() == [(0,)]
        connection.execute("SELECT set_config('kamhub.organisation_id', %s, false)", (str(demo_id(MAIN)),))
        assert connection.execute("SELECT DISTINCT organisation_id FROM departures").fetchall() == [(demo_id(MAIN),)]


@pytest.mark.parametrize("name", ["web", "worker", "up"])
def test_production_names_all_that_is_missing_before_it_connects(name: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql://x:y@127.0.0.1:{server.getsockname()[1]}/z"
        done = command(name, env="production", database_url=url, rate_limits="off", data_dir=str(tmp_path))
        assert done.returncode == 1
        assert all(needed in done.stderr for needed in PRODUCTION_NEEDS), done.stderr
        assert "Traceback" not in done.stderr
        assert _nobody_came(server)


def test_a_production_worker_wants_a_way_out_for_mails_before_it_connects(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql://x:y@127.0.0.1:{server.getsockname()[1]}/z"
        done = command("worker", **PRODUCTION, database_url=url, data_dir=str(tmp_path))
        assert "KAMHUB_SMTP_URL" in said_in_a_sentence(done)
        assert _nobody_came(server)


def _nobody_came(server: socket.socket) -> bool:
    server.setblocking(False)
    try:
        server.accept()
    except BlockingIOError:
        return True
    return False
