"""What is not registered as it must be is refused before anything is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

import kamhub
from kamhub.app import work
from kamhub.app.commands import worker
from kamhub.platform.job.registry import Lane, Registry
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Daily, Entry, Every, Job, JobRefused, Kind, Outcome, Queue, Retry
from tests.platform.job.support import job_of

_SOURCE = Path(kamhub.__file__).parent


async def _nothing(run: Run[Any]) -> Outcome:
    return DONE


async def _greet(run: Run[Any], *, word: str) -> Outcome:
    return DONE


async def _unannounced(run: Run[Any]) -> None:
    return None


def _sync(run: Run[Any]) -> Outcome:
    return DONE


PLAIN = job_of("plain", _nothing)
GREET = job_of("greet", _greet)
SECOND = timedelta(seconds=1)
FAULTS: dict[str, tuple[Job[Any], str]] = {
    "no timeout": (replace(PLAIN, timeout=timedelta(0)), "plain has no timeout within six hours"),
    "endless": (replace(PLAIN, timeout=timedelta(hours=7)), "plain has no timeout within six hours"),
    "no attempt": (
        replace(PLAIN, retry=Retry(0)),
        "plain has no retry rule: at least one attempt, and delays above zero",
    ),
    "no delay": (
        replace(PLAIN, retry=Retry(3, first=timedelta(0))),
        "plain has no retry rule: at least one attempt, and delays above zero",
    ),
    "cap below the first delay": (
        replace(PLAIN, retry=Retry(3, first=2 * SECOND, longest=SECOND)),
        "plain has no retry rule: at least one attempt, and delays above zero",
    ),
    "no history": (replace(PLAIN, kept=timedelta(0)), "plain does not say how long its history is kept"),
    "no queue": (
        replace(PLAIN, kind=replace(PLAIN.kind, queue=cast("Queue", "attic"))),
        "plain is of no known queue",
    ),
    "not async": (replace(PLAIN, run=cast("Any", _sync)), "plain is not an async function"),
    "no outcome": (
        replace(PLAIN, run=cast("Any", _unannounced)),
        "plain does not say that it answers an Outcome",
    ),
    "an argument too few": (replace(PLAIN, run=_greet), "plain takes other arguments than its kind has: []"),
    "an argument too many": (replace(GREET, run=_nothing), "greet takes other arguments than its kind has: ['word']"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_job_is_refused_with_its_own_sentence(fault: str) -> None:
    job, sentence = FAULTS[fault]
    with pytest.raises(JobRefused) as refused:
        Registry([job], hands={cast("Queue", "attic"): 1})
    assert str(refused.value) == sentence


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(JobRefused) as refused:
        Registry([replace(PLAIN, kept=timedelta(0)), replace(GREET, timeout=timedelta(0))])
    assert str(refused.value) == (
        "plain does not say how long its history is kept; greet has no timeout within six hours"
    )


@pytest.mark.parametrize(
    "jobs",
    [
        pytest.param([GREET, PLAIN, GREET], id="the same job"),
        pytest.param([GREET, replace(PLAIN, formerly=("greet",))], id="the former name of one is another's name"),
        pytest.param([replace(GREET, formerly=("greet",))], id="its own former name"),
        pytest.param([replace(PLAIN, formerly=("greet", "greet"))], id="one former name twice"),
    ],
)
def test_a_name_that_two_jobs_answer_to_is_refused(jobs: list[Job[Any]]) -> None:
    with pytest.raises(JobRefused) as refused:
        Registry(jobs)
    assert str(refused.value) == "greet is registered 2 times"


TIMES: dict[str, tuple[Entry, str]] = {
    "nobody runs it": (
        Entry(Kind("dream", Queue.CRM, "system"), Every(SECOND), "skip"),
        "dream is in the timetable, but no job runs it",
    ),
    "arguments": (
        Entry(GREET.kind, Every(SECOND), "skip"),
        "greet is in the timetable, so it can have neither arguments nor an organisation",
    ),
    "organisation": (
        Entry(Kind("tenant", Queue.CRM, "tenant"), Every(SECOND), "skip"),
        "tenant is in the timetable, so it can have neither arguments nor an organisation",
    ),
    "always": (Entry(PLAIN.kind, Every(timedelta(0)), "skip"), "plain is in the timetable at a time that there is not"),
    "no such hour": (
        Entry(PLAIN.kind, Daily(24, 0, "UTC"), "skip"),
        "plain is in the timetable at a time that there is not",
    ),
    "no such minute": (
        Entry(PLAIN.kind, Daily(3, 60, "UTC"), "skip"),
        "plain is in the timetable at a time that there is not",
    ),
    "no such zone": (
        Entry(PLAIN.kind, Daily(3, 0, "Asia/Kamtschatka"), "skip"),
        "plain is in the timetable at a time that there is not",
    ),
    "no zone at all": (
        Entry(PLAIN.kind, Daily(3, 0, "../etc"), "skip"),
        "plain is in the timetable at a time that there is not",
    ),
}


@pytest.mark.parametrize("fault", TIMES)
def test_a_faulty_line_of_the_timetable_is_refused_with_its_own_sentence(fault: str) -> None:
    entry, sentence = TIMES[fault]
    with pytest.raises(JobRefused) as refused:
        Registry([PLAIN, GREET, job_of("tenant", _nothing, scope="tenant")], [entry])
    assert str(refused.value) == sentence


def test_a_kind_that_is_twice_in_the_timetable_is_refused() -> None:
    entry = Entry(PLAIN.kind, Every(SECOND), "skip")
    with pytest.raises(JobRefused, match="plain is 2 times in the timetable"):
        Registry([PLAIN], [entry, replace(entry, missed="run once")])


def test_lanes_are_in_the_order_of_the_queues_and_then_of_the_priorities() -> None:
    jobs = [
        job_of("later", _nothing, queue=Queue.MAINTENANCE),
        job_of("first", _nothing, queue=Queue.PAYMENTS),
        job_of("second", _nothing, queue=Queue.PAYMENTS, priority=-1),
        job_of("sooner", _nothing, queue=Queue.MAINTENANCE, priority=5),
        job_of("elsewhere", _nothing, queue=Queue.CHAT, formerly=("there",)),
    ]
    nobody = dict.fromkeys(Queue, 0)
    registry = Registry(jobs, hands={**nobody, Queue.PAYMENTS: 3, Queue.MAINTENANCE: 2})
    assert registry.lanes == [
        Lane(queue, priority, hands)
        for queue, hands in (("payments", 3), ("maintenance", 2))
        for priority in (5, 0, -1)
    ]
    assert (registry.queues, registry.all_hands) == (["payments", "maintenance"], 5)
    assert registry.names == ["first", "later", "second", "sooner"]
    assert registry.known_names == ["elsewhere", "first", "later", "second", "sooner", "there"]
    assert registry.job("there") is registry.job("elsewhere")


# The product's own.


def _kinds() -> dict[str, str]:
    """Every kind in the source: its name, and where."""
    return {
        str(ast.literal_eval(call.args[0])): f"{path.relative_to(_SOURCE)}:{call.lineno}"
        for path, tree in _modules()
        if _imports_kind(tree)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Kind"
    }


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(_SOURCE.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def _imports_kind(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "kamhub.platform.job.types"
        and any(name.name == "Kind" for name in node.names)
        for node in ast.walk(tree)
    )


def test_every_kind_of_the_product_is_run_by_one_of_its_jobs() -> None:
    kinds = _kinds()
    assert len(kinds) >= 9, "the scan sees too little"
    registered = {job.kind.name for job in work.registry().jobs}
    assert {name: where for name, where in kinds.items() if name not in registered} == {}
    assert registered <= kinds.keys()


def test_whatever_nobody_enqueues_is_in_the_timetable() -> None:
    enqueued = {
        ast.unparse(call.args[1])
        for _, tree in _modules()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "enqueue" and len(call.args) > 1
    }
    periodic = {entry.kind.name for entry in work.registry().timetable}
    unwanted = {
        name
        for path, tree in _modules()
        if _imports_kind(tree)
        for name, variable in _named_kinds(tree)
        if name not in periodic and not any(used.rpartition(".")[2] == variable for used in enqueued)
    }
    assert unwanted == set()


def _named_kinds(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Kinds and the variables that hold them."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=variable)], value=ast.Call(func=ast.Name(id="Kind"), args=[name, *_])):
                yield str(ast.literal_eval(name)), variable


def test_the_worker_does_not_start_with_a_job_that_is_not_as_it_must_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAMHUB_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    monkeypatch.setattr(worker, "configure_logging", lambda settings: None)
    monkeypatch.setattr(work, "JOBS", (*work.JOBS, cast("Any", replace(PLAIN, timeout=timedelta(0)))))
    with pytest.raises(SystemExit) as ended:
        worker.worker(tmp_path)
    assert ended.value.code == 1
    assert capsys.readouterr().err == ("A job is not registered as it must be: plain has no timeout within six hours\n")
