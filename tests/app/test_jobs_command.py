"""`kamhub jobs`, and what the doctor says of dead letters."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kamhub.app.cli import app
from kamhub.kit.ids import new_id
from tests.builders import World
from tests.platform.job.letters import dead_letter, done_job

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str, world: World, capsys: pytest.CaptureFixture[str]
) -> Run:
    """The program with these words: exit code, what it prints, what it says on standard error."""
    for name in [name for name in os.environ if name.startswith("KAMHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KAMHUB_DATABASE_URL", database_url)
    monkeypatch.setenv("KAMHUB_DATA_DIR", str(tmp_path))

    def call(*words: object) -> tuple[int, str, str]:
        code = 0
        try:
            app([str(word) for word in words])
        except SystemExit as ended:
            code = int(str(ended.code or 0))
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def lines(world: World) -> list[tuple[object, ...]]:
    return world.rows(
        "SELECT organisation_id, action, object_id, after ->> 'reason', actor_kind, actor_name FROM audit_events ORDER BY id"
    )


def test_queues_workers_and_counts_are_shown(run: Run, world: World) -> None:
    code, out, _ = run("jobs")
    assert code == 0
    assert "Nothing waits and nothing runs." in out
    assert "No worker is running." in out
    done_job(world, world.main)
    dead_letter(world, world.main)
    dead_letter(world, None, kind="mailed_link.send")
    world.execute(
        "WITH w AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id) "
        "INSERT INTO job_workers SELECT id, 'a-host.example', 4242, '0.1', '{notices}', '{notice.send}', now() FROM w"
    )
    code, out, _ = run("jobs")
    assert code == 0
    for part in ("notices", "a-host.example", "4242", "1 done", "2 dead"):
        assert part in out
    told: dict[str, Any] = json.loads(run("jobs", "--json")[1])
    assert told["counts"]["dead"] == 2
    assert (told["queues"][0]["queue"], told["queues"][0]["dead"]) == ("notices", 2)
    assert told["workers"][0]["pid"] == 4242


def test_dead_letters_of_everybody_are_listed_with_secrets_masked(run: Run, world: World) -> None:
    assert run("jobs", "dead")[:2] == (0, "There are no dead letters.\n")
    mine = dead_letter(world, world.main, message_id="m-1", access_token="geheim-17", error="[red]no")
    installation = dead_letter(world, None, kind="mailed_link.send")
    code, out, _ = run("jobs", "dead")
    assert code == 0
    assert str(mine) in out
    assert str(installation) in out
    assert "[red]no" in out
    [told] = json.loads(run("jobs", "dead", "--kind", "notice.send", "--json")[1])
    assert (told["id"], told["organisation_id"]) == (str(mine), str(world.main.id))
    assert told["arguments"] == {"message_id": "m-1", "access_token": "•••"}
    assert run("jobs", "dead", "--kind", "no.such")[1] == "There are no dead letters of kind no.such.\n"


def test_one_job_is_shown_whole(run: Run, world: World) -> None:
    mine = dead_letter(world, world.main, access_token="geheim-17")
    code, out, _ = run("jobs", "show", mine)
    assert code == 0
    for part in (str(mine), "Send a traveller a mail", "attempt 2", "Traceback: line 7", "It failed every time", "•••"):
        assert part in out
    assert "geheim" not in out
    told = json.loads(run("jobs", "show", mine, "--json")[1])
    assert (told["status"], len(told["failures"])) == ("dead", 2)
    assert json.loads(run("jobs", "show", done_job(world, world.main), "--json")[1])["status"] == "done"
    code, out, err = run("jobs", "show", new_id())
    assert (code, out, err.count("\n")) == (1, "", 1)


def test_they_are_run_again_by_id_by_kind_and_all(run: Run, world: World) -> None:
    first, second = dead_letter(world, world.main), dead_letter(world, None, kind="mailed_link.send")
    third, fourth = dead_letter(world, world.other), dead_letter(world, world.main, kind="payment.send_refund")
    missing = new_id()
    code, out, err = run("jobs", "retry", first, missing)
    assert (code, out) == (1, "1 job(s) will run again\n")
    assert err == f"Not among the dead letters: {missing}.\n"
    assert run("jobs", "retry", "--kind", "mailed_link.send")[:2] == (0, "1 job(s) will run again\n")
    assert run("jobs", "retry", "--all")[:2] == (0, "2 job(s) will run again\n")
    assert run("jobs", "retry", "--all")[:2] == (0, "0 job(s) will run again\n")
    ids = {row[0] for row in world.rows("SELECT (args ->> 'id')::uuid FROM procrastinate_jobs")}
    assert ids == {first, second, third, fourth}
    # What belongs to an organisation is in its log; the other is in nobody's.
    assert [(line[0], line[2]) for line in lines(world)] == [
        (world.main.id, str(first)),
        (world.other.id, str(third)),
        (world.main.id, str(fourth)),
    ]
    assert {line[4:] for line in lines(world)} == {("system", "kamhub jobs")}


@pytest.mark.parametrize(
    "words", [(), ("--all", "--kind", "notice.send"), ("01a00000-0000-7000-8000-000000000000", "--all")]
)
def test_which_ones_is_said_one_way(run: Run, words: tuple[str, ...]) -> None:
    code, _, err = run("jobs", "retry", *words)
    assert (code, err) == (1, "Say which: ids, --kind, or --all.\n")


def test_they_are_discarded_with_a_reason(run: Run, world: World) -> None:
    mine = dead_letter(world, world.main)
    assert run("jobs", "discard", mine)[0] != 0
    assert run("jobs", "discard", mine, "--reason", " x ") == (1, "", "--reason takes 3 to 500 characters.\n")
    assert run("jobs", "discard", "--reason", "phoned") == (1, "", "Say which: one id or more.\n")
    assert run("jobs", "discard", mine, "--reason", " phoned ")[:2] == (0, "1 job(s) discarded\n")
    assert world.rows("SELECT id, outcome, reason FROM job_history") == [(mine, "discarded", "phoned")]
    assert lines(world) == [(world.main.id, "job.discarded", str(mine), "phoned", "system", "kamhub jobs")]
    assert run("jobs", "discard", mine, "--reason", "phoned")[0] == 1


def test_without_a_database_a_sentence_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAMHUB_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:9/none")
    for words in (("jobs",), ("jobs", "dead"), ("jobs", "retry", "--all")):
        code, out, err = run(*words)
        assert (code, out, len(err.splitlines())) == (1, "", 1)
        assert "cannot be reached" in err


def test_the_doctor_sends_for_somebody(run: Run, world: World) -> None:
    def examined() -> dict[str, Any]:
        code, out, _ = run("doctor", "--json")
        report: dict[str, Any] = json.loads(out)
        assert report["ok"] == (code == 0)
        found: dict[str, Any] = next(each for each in report["findings"] if each["name"] == "dead letters")
        return found

    assert (examined()["ok"], examined()["detail"]) == (True, "none")
    dead_letter(world, world.main)
    dead_letter(world, None)
    assert not examined()["ok"]
    assert examined()["detail"] == "2 wait(s) for a decision: run `kamhub jobs dead`"
