"""Commands that need no server: the route table, the timetable of the workers, log lines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from kamhub.app.commands.routes import routes
from kamhub.app.work import JOBS, PERIODIC_JOBS
from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.settings import Settings


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
        "schema": "HoldForm",
    }
    assert all(row["access"] and row["rate"] and row["csrf"] for row in rows)


def test_the_route_table_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    routes(as_json=False)
    shown = capsys.readouterr().out
    assert "/api/transfers/hold" in shown
    assert "bookings.decide" in shown


def test_every_job_has_its_own_name_and_a_time_limit() -> None:
    jobs = [*JOBS, *(periodic.job for periodic in PERIODIC_JOBS)]
    assert len({job.name for job in jobs}) == len(jobs)
    assert all(job.timeout.total_seconds() > 0 for job in jobs)


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
