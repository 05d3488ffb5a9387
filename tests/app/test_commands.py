"""Commands in this process: the route table, the timetable of the workers, log lines, the doctor, stored secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import structlog

from kamhub.app.commands.doctor import doctor
from kamhub.app.commands.routes import routes
from kamhub.app.commands.secrets import ENCRYPTED_COLUMNS, rotate
from kamhub.app.wiring import key_ring
from kamhub.app.work import registry
from kamhub.kit.ids import new_id
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.settings import Settings, SettingsRefused

if TYPE_CHECKING:
    from tests.builders import World

OLD, NEW = "0123456789abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba9876543210"
PRODUCTION = {
    "ENV": "production",
    "SECRET_KEY": NEW,
    "REDIS_URL": "rediss://:a-password@cache.example:6379/0",
    "ALLOWED_ORIGINS": "https://hub.example",
    "PUBLIC_URL": "https://hub.example",
    "SMTP_URL": "smtps://hub:a-password@mail.example",
}


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_the_route_table_as_json_has_a_row_a_method(capsys: pytest.CaptureFixture[str]) -> None:
    routes(as_json=True)
    rows = json.loads(capsys.readouterr().out)
    hold = next(row for row in rows if row["path"] == "/api/transfers/hold")
    assert hold == {
        "method": "POST",
        "path": "/api/transfers/hold",
        "access": "public",
        "permission": None,
        "rate": "hold",
        "csrf": "anonymous",
        "schema": "HoldForm -> HeldReply",
        "audit": None,
    }
    assert all(row["access"] and row["rate"] and row["csrf"] for row in rows)


def test_the_route_table_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    routes(as_json=False)
    shown = capsys.readouterr().out
    assert "/api/transfers/hold" in shown
    assert "bookings.decide" in shown


def test_every_job_is_registered_as_it_must_be() -> None:
    assert {entry.kind.name for entry in registry().timetable} < set(registry().names)


@pytest.mark.usefixtures("logging_as_it_was")
def test_in_production_a_log_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Settings(env="production"))
    structlog.get_logger("kamhub.test").info("booking_held", booking_id="b-1")
    logging.getLogger("a_library").warning("it said %s", "something")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.strip().splitlines())
    assert (ours["event"], ours["booking_id"], ours["level"]) == ("booking_held", "b-1", "info")
    assert (theirs["event"], theirs["logger"]) == ("it said something", "a_library")


@pytest.mark.usefixtures("logging_as_it_was")
def test_libraries_that_chatter_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Settings(env="development"))
    logging.getLogger("httpx").info("HTTP Request: POST https://provider.example/?secret=1")
    assert capsys.readouterr().err == ""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> pytest.MonkeyPatch:
    """Nothing set but the database and a data folder."""
    import os

    for name in [name for name in os.environ if name.startswith("KAMHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KAMHUB_DATABASE_URL", database_url)
    monkeypatch.setenv("KAMHUB_DATA_DIR", str(tmp_path))
    return monkeypatch


def set_all(environment: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        environment.setenv(f"KAMHUB_{name}", value)


def examined(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code of the doctor, and its findings by name."""
    code = 0
    try:
        doctor(None, as_json=True)
    except SystemExit as ended:
        code = int(str(ended.code))
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] == (code == 0)
    return code, {finding["name"]: finding for finding in report["findings"]}


@pytest.mark.usefixtures("world")
def test_the_doctor_is_content_with_a_development_hub(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = examined(capsys)
    assert code == 0, found
    assert all(finding["ok"] for finding in found.values())
    assert found["secret key"]["note"]
    doctor(None, as_json=False)
    assert "note" in capsys.readouterr().out


def test_the_doctor_is_content_with_a_good_production(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: World
) -> None:
    set_all(environment, PRODUCTION)
    code, found = examined(capsys)
    assert code == 0, found
    assert found["second factor"]["note"]
    assert found["second factor"]["detail"].startswith("4 ")  # owner and admin of two organisations
    assert not found["API keys"]["note"]
    world.execute(
        "INSERT INTO api_keys (organisation_id, id, name, key_hash, hint, scopes, created_by, created_at) "
        "VALUES (%s, %s, 'for ever', 'x', 'abcd', '{octo}', %s, now())",
        world.main.id,
        new_id(),
        world.main.people["owner"],
    )
    world.execute("UPDATE people SET totp_secret = 'x', totp_enabled_at = now() WHERE email LIKE 'owner@%%'")
    code, found = examined(capsys)
    assert code == 0
    assert (found["API keys"]["note"], found["API keys"]["detail"][0]) == (True, "1")
    assert found["second factor"]["detail"].startswith("2 ")


def test_demo_people_in_production_are_a_fault(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: World
) -> None:
    world.execute(
        "UPDATE people SET email = 'owner@kamchatka-transfer.example' WHERE id = %s", world.main.people["owner"]
    )
    assert examined(capsys)[0] == 0
    set_all(environment, PRODUCTION)
    code, found = examined(capsys)
    assert (code, [name for name, finding in found.items() if not finding["ok"]]) == (1, ["demo people"])
    world.execute("UPDATE people SET disabled_at = now() WHERE id = %s", world.main.people["owner"])
    assert examined(capsys)[0] == 0


@pytest.mark.usefixtures("world")
def test_a_login_that_owns_the_tables_is_a_fault_in_production(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_owner_url: str
) -> None:
    name = f"owner_{new_id().hex}"
    with psycopg.connect(database_owner_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'".encode())
        try:
            connection.execute(f"GRANT kamhub_public, kamhub_engine, kamhub_tenant, kamhub_system TO {name}".encode())
            connection.execute(f"ALTER TABLE places OWNER TO {name}".encode())
            environment.setenv("KAMHUB_DATABASE_URL", f"postgresql://{name}:x@{database_owner_url.split('@', 1)[1]}")
            assert examined(capsys)[0] == 0
            set_all(environment, PRODUCTION)
            code, found = examined(capsys)
            assert (code, found["row-level security"]["ok"]) == (1, False)
            assert "owns the tables" in found["row-level security"]["detail"]
        finally:
            connection.execute(f"REASSIGN OWNED BY {name} TO CURRENT_USER".encode())
            connection.execute(f"DROP OWNED BY {name}".encode())
            connection.execute(f"DROP ROLE {name}".encode())


def test_the_first_part_of_the_secret_is_current_and_blanks_do_not_count(tmp_path: Path) -> None:
    ring = key_ring(Settings(secret_key=f" {NEW} , {OLD} "), tmp_path)  # type: ignore[arg-type]  # as in the environment
    assert ring.encrypt("x")
    assert KeyRing(NEW).decrypt(ring.encrypt("x")) == "x"
    assert ring.decrypt(KeyRing(OLD).encrypt("y")) == "y"
    with pytest.raises(SettingsRefused):
        key_ring(Settings(env="production"), tmp_path)


def test_stored_secrets_are_brought_to_the_current_key(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: World
) -> None:
    person = world.main.people["owner"]
    world.execute("UPDATE payment_accounts SET secret_encrypted = %s", KeyRing(OLD).encrypt("api"))
    world.execute("UPDATE people SET totp_secret = %s WHERE id = %s", KeyRing(OLD).encrypt("totp"), person)
    environment.setenv("KAMHUB_SECRET_KEY", f"{NEW},{OLD}")
    counts = []
    for _ in range(2):
        rotate(None)
        lines = capsys.readouterr().out.splitlines()
        counts.append([line.split()[1:] for line in lines if line.strip().startswith(("payment_accounts", "people"))])
    assert counts == [[["1", "0", "0"], ["1", "0", "0"]], [["0", "1", "0"], ["0", "1", "0"]]]
    stored = world.rows(
        "SELECT secret_encrypted FROM payment_accounts UNION SELECT totp_secret FROM people WHERE id = %s", person
    )
    assert {KeyRing(NEW).decrypt(secret) for (secret,) in stored if isinstance(secret, bytes)} == {"api", "totp"}
    environment.setenv("KAMHUB_SECRET_KEY", f"{OLD[::2] * 2},{OLD}")
    with pytest.raises(SystemExit):
        rotate(None)
    assert "not in KAMHUB_SECRET_KEY" in capsys.readouterr().err


def test_no_column_of_encrypted_secrets_is_forgotten(world: World) -> None:
    # What is hashed is not encrypted: there is nothing to read again with another key. Nor is there in a
    # photo, in the vectors of words, in the words of a chunk.
    rows = world.rows(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type = 'bytea' AND column_name NOT LIKE '%%hash' AND column_name NOT LIKE '%%digest' "
        "AND table_name NOT IN ('place_photos', 'lexicon_words', 'chunk_words')"
    )
    assert {str(column) for column in ENCRYPTED_COLUMNS} == {name for (name,) in rows}
