from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.platform.job import rules
from kamhub.platform.job.types import Retry

RETRY = Retry(attempts=5, first=timedelta(seconds=2), longest=timedelta(seconds=10))


@pytest.mark.parametrize(("runs", "ceiling"), [(1, 2), (2, 4), (3, 8), (4, 10)])
def test_the_wait_doubles_up_to_the_cap(runs: int, ceiling: int) -> None:
    assert rules.delay_before_retry(RETRY, runs, 1.0) == timedelta(seconds=ceiling)


def test_the_wait_is_anything_from_nothing_to_the_ceiling() -> None:
    assert rules.delay_before_retry(RETRY, 3, 0.0) == timedelta(0)
    assert rules.delay_before_retry(RETRY, 3, 0.25) == timedelta(seconds=2)


def test_the_last_run_is_not_repeated() -> None:
    assert rules.delay_before_retry(RETRY, 5, 0.5) is None


@given(runs=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_no_number_of_runs_overflows(runs: int, chance: float) -> None:
    delay = rules.delay_before_retry(Retry(attempts=20_000), runs, chance)
    assert delay is not None
    assert timedelta(0) <= delay <= timedelta(minutes=10)


def test_a_job_that_is_never_retried_survives_the_kill_of_its_worker_but_not_for_ever() -> None:
    assert rules.may_run_after_kill(1)
    assert not rules.may_run_after_kill(rules.KILLS_SURVIVED)


def test_what_is_kept_of_an_error_fits_into_the_database() -> None:
    error = ValueError("nul \0 and surrogate \udcff " + "x" * 10_000)
    text = rules.error_text(error)
    assert text.startswith("ValueError: nul \ufffd and surrogate ?")
    assert len(text) == rules.ERROR_LENGTH
    text.encode()
    assert rules.error_text(KeyError()) == "KeyError"


def test_the_traceback_names_the_place_and_the_cause() -> None:
    def fail() -> None:
        try:
            int("missing")
        except ValueError as error:
            raise RuntimeError("outer") from error

    with pytest.raises(RuntimeError) as caught:
        fail()
    text = rules.traceback_text(caught.value)
    assert "in fail" in text
    assert "ValueError" in text
    assert text.rstrip().endswith("RuntimeError: outer")
