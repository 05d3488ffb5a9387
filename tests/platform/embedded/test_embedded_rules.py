"""Decisions that need no server."""

from __future__ import annotations

from pathlib import Path

import pytest

from kamhub.platform.embedded import log_file, rules
from kamhub.platform.embedded.types import ClusterAddress, PidFile

PID_FILE = "4711\n/data/postgres\n1764000000\n20001\n\n127.0.0.1\n  1234567         3\nready   \n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PID_FILE, PidFile(4711, 20001, "ready")),
        (PID_FILE.replace("ready   ", "starting"), PidFile(4711, 20001, "starting")),
        ("4711\n/data/postgres\n", PidFile(4711, None, "")),
        ("", None),
        ("rubbish\n", None),
    ],
)
def test_pid_file(text: str, expected: PidFile | None) -> None:
    assert rules.parse_pid_file(text) == expected


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ('FATAL:  could not write to file "pg_wal/xlogtemp.9": No space left on device', "the disk is full"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "not enough memory"),
        ("PANIC:  could not locate a valid checkpoint record at 0/1", "restore a backup"),
    ],
)
def test_a_failure_names_its_cause(log: str, sentence: str) -> None:
    error = rules.failure("PostgreSQL did not start", log)
    assert sentence in error.message
    assert error.log_tail == log


def test_a_failure_without_a_known_cause_invents_none() -> None:
    assert rules.failure("PostgreSQL did not start", "odd").message == "PostgreSQL did not start"


def test_urls_escape_and_repr_hides_passwords() -> None:
    at = ClusterAddress("127.0.0.1", 5, "kamhub", "owner", "p@ss/word", "app", "a:b?c")
    assert at.owner_url == "postgresql://owner:p%40ss%2Fword@127.0.0.1:5/kamhub"
    assert at.app_url == "postgresql://app:a%3Ab%3Fc@127.0.0.1:5/kamhub"
    assert "p@ss" not in repr(at)
    assert "a:b" not in repr(at)


def test_an_overgrown_log_is_cut_while_it_is_written(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    with log.open("a") as writer:
        writer.write("".join(f"line {number:03}\n" for number in range(100)))
        writer.flush()
        log_file.trim(log, limit=18)
        writer.write("line 100\n")
    assert log.read_text() == "line 100\n"
    assert (tmp_path / "postgres.log.1").read_text() == "line 098\nline 099\n"


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text("line\n")
    log_file.trim(log, limit=18)
    assert log.read_text() == "line\n"
    assert not (tmp_path / "postgres.log.1").exists()
