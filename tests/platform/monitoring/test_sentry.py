"""What Sentry is told, seen by a stand-in of it: ids, places in our code, steps of the business; nobody's data."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import structlog
from pydantic import SecretStr
from structlog.contextvars import bound_contextvars

from kamhub.platform.monitoring import sentry
from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.monitoring.scrub import scrub
from kamhub.platform.monitoring.sentry import note, tell, watched
from kamhub.platform.monitoring.watch import Watch
from kamhub.platform.settings import Settings, SettingsRefused, load_settings
from kamhub.platform.web.problems import NotFound
from tests.platform.monitoring.support import logging_as_it_was
from tests.sentry import Sentry, sentry_stand_in

PERSON = "01997f2a-1234-7890-8123-456789012345"
ORGANISATION = "01997f2a-1234-7890-8123-456789012346"
BOOKING = UUID("01997f2a-1234-7890-8123-456789012347")
SECRETS = ("Канарейкина", "k4naria@people.example", "+79147654321", "4000056655665556", "q7TokenKanareika", "с клеткой")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sentry]:
    """The stand-in, with the library started and every trace kept."""
    monkeypatch.setattr(sentry, "TRACES", 1.0)
    with sentry_stand_in() as kept:
        assert sentry.start(Settings(sentry_dsn=SecretStr(kept.dsn)), "web")
        yield kept
        sentry.stop()


def fail(contact: str) -> None:
    """A fault with everything in its words, its variables, and what it was raised from."""
    card = SECRETS[3]
    try:
        raise KeyError(contact, card)
    except KeyError as error:
        raise ValueError(f"{contact} {SECRETS}") from error


def caught(contact: str = " ".join(SECRETS)) -> ValueError:
    try:
        fail(contact)
    except ValueError as error:
        return error
    raise AssertionError


def test_a_fault_is_told_by_ids_and_places_alone(told: Sentry) -> None:
    with (
        watched("http.server", "GET /x"),
        bound_contextvars(request_id="a-request-1", person_id=PERSON, organisation_id=ORGANISATION, contact=SECRETS[1]),
    ):
        note("booking created", booking=BOOKING, organisation=None)
        tell(caught(), route="/booking/{booking_id:uuid}", address=f"/booking?token={SECRETS[4]}")
    sentry.stop()
    [event] = told.items("event")
    assert event["tags"] == {
        "request_id": "a-request-1",
        "organisation_id": ORGANISATION,
        "route": "/booking/{booking_id:uuid}",
    }
    assert event["user"] == {"id": PERSON}
    assert [error["type"] for error in event["exception"]["values"]] == ["KeyError", "ValueError"]
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fail"
    [step] = event["breadcrumbs"]["values"]
    assert (step["category"], step["data"]) == ("booking created", {"booking": str(BOOKING)})
    for secret in SECRETS:
        assert secret not in told.text
        assert json.dumps(secret)[1:-1] not in told.text
    assert told.kinds() == {"event", "transaction"}


def test_steps_of_one_request_are_not_told_with_a_fault_of_another(told: Sentry) -> None:
    with watched("http.server", "one"):
        note("payment begun", booking=BOOKING)
    with watched("queue.task", "two"):
        tell(caught())
    sentry.stop()
    assert told.items("event")[0]["breadcrumbs"]["values"] == []


def test_refusals_are_no_faults(told: Sentry) -> None:
    tell(NotFound())
    sentry.stop()
    assert told.items("event") == []


def test_an_error_that_is_logged_with_its_trace_is_told(told: Sentry, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as_it_was():
        configure_logging(Settings())
        structlog.get_logger("kamhub.test").error("no trace", route="/a")
        structlog.get_logger("kamhub.test").error("unhandled_fault", route="/b", exc_info=caught())
        try:
            fail("c")
        except ValueError:
            structlog.get_logger("kamhub.test").exception("round failed")
    sentry.stop()
    assert [event.get("transaction") for event in told.items("event")] == ["/b", None]


def test_a_database_that_refuses_is_told_by_its_constraint(told: Sentry, database_owner_url: str) -> None:
    with psycopg.connect(database_owner_url) as connection:
        connection.execute("CREATE TEMP TABLE guests (name text CONSTRAINT short CHECK (length(name) < 3))")
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            connection.execute("INSERT INTO guests VALUES (%s)", (SECRETS[0],))
    tell(refused.value)
    sentry.stop()
    assert told.items("event")[0]["tags"] == {"sqlstate": "23514", "constraint": "short", "table": "guests"}
    assert SECRETS[0] not in told.text
    assert json.dumps(SECRETS[0])[1:-1] not in told.text


@pytest.mark.parametrize(
    ("header", "followed"), [("a" * 32 + "-" + "b" * 16 + "-0", True), ("q7TokenKanareika", False), ("", False)]
)
async def test_a_request_is_a_transaction_named_by_its_template(told: Sentry, header: str, *, followed: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["path_template"] = "/booking/{booking_id:uuid}"
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        assert message

    scope: Any = {
        "type": "http",
        "method": "GET",
        "path": f"/booking/{BOOKING}",
        "query_string": f"token={SECRETS[4]}".encode(),
        "headers": [(b"sentry-trace", header.encode()), (b"baggage", f"sentry-name={SECRETS[4]}".encode())],
    }
    await Watch(app)(scope, None, send)  # type: ignore[arg-type]
    sentry.stop()
    [transaction] = told.items("transaction")
    assert transaction["transaction"] == "GET /booking/{booking_id:uuid}"
    assert (transaction["contexts"]["trace"]["trace_id"] == "a" * 32) is followed
    assert SECRETS[4] not in told.text
    assert str(BOOKING) not in told.text


def test_a_fault_belongs_to_the_trace_of_its_page_though_the_trace_is_not_kept(
    told: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentry, "TRACES", 0.0)
    with watched("http.server", "GET /x", f"{'a' * 32}-{'b' * 16}-1") as transaction:
        assert transaction is None
        tell(caught())
    sentry.stop()
    assert told.kinds() == {"event"}
    assert told.items("event")[0]["contexts"]["trace"]["trace_id"] == "a" * 32


def test_what_is_not_on_the_list_is_not_kept() -> None:
    held = {"name": "name", "vars": {"card": SECRETS[3]}, "context_line": "secret = 1", "abs_path": "/home/anna/x.py"}
    event = {
        "event_id": "1" * 32,
        "request": {"url": "https://hub/?token=x", "data": "body", "headers": {"Cookie": "x"}},
        "user": {"id": SECRETS[1], "email": SECRETS[1], "ip_address": "10.0.0.1"},
        "tags": {"request_id": SECRETS[2], "city": "x"},
        "extra": {"sys.argv": ["x"]},
        "modules": {},
        "message": SECRETS[0],
        "breadcrumbs": {"values": [{"category": "payment begun", "message": "x", "data": {"order": SECRETS[1]}}]},
        "exception": {"values": [{"type": "E", "value": SECRETS[0], "stacktrace": {"frames": [held]}}]},
        "contexts": {"runtime": {}, "trace": {"trace_id": "2" * 32, "data": {"url": "x"}}},
        "spans": [{"description": "SELECT 1"}],
    }
    assert scrub(event) == {
        "event_id": "1" * 32,
        "sdk": {},
        "tags": {"request_id": "•••"},
        "breadcrumbs": {"values": [{"category": "payment begun", "data": {}}]},
        "exception": {"values": [{"type": "E", "mechanism": {}, "stacktrace": {"frames": [{}]}}]},
        "contexts": {"trace": {"trace_id": "2" * 32}},
    }


def test_without_a_dsn_the_library_is_not_even_loaded() -> None:
    program = (
        "import sys\n"
        "from kamhub.platform.monitoring import sentry\n"
        "from kamhub.platform.settings import Settings\n"
        "assert not sentry.start(Settings(), 'web') and not sentry.running()\n"
        "with sentry.watched('queue.task', 'x') as transaction: sentry.note('payment begun'); sentry.tell(ValueError())\n"
        "assert transaction is None and 'sentry_sdk' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("dsn", ["hub.example", "https://hub.example/7", "https://key@hub.example/", "ftp://key@hub/7"])
def test_what_is_no_dsn_is_refused_at_the_start(dsn: str) -> None:
    with pytest.raises(SettingsRefused, match="give http"):
        load_settings(sentry_dsn=dsn)
