"""The reading process has given up what a hostile document would want."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import sys, pathlib
from kamhub.desk.extraction.reader.confinement import confine
from kamhub.desk.extraction.types import LIMITS
import socket, os, subprocess
confine(LIMITS)
try:
    {}
except Exception as error:
    print(type(error).__name__)
else:
    print("done")
"""


@pytest.mark.parametrize(
    ("attempt", "outcome"),
    [
        ("socket.create_connection(('127.0.0.1', 9), 1)", "PermissionError"),
        ("socket.getaddrinfo('localhost', 80)", "PermissionError"),
        ("subprocess.run(['true'])", "PermissionError"),
        ("os.system('true')", "PermissionError"),
        ("pathlib.Path('{folder}/written').write_text('x')", "OSError"),
        ("os.remove('{folder}/kept')", "PermissionError"),
        ("bytearray(3_000_000_000)", "MemoryError"),
        ("pathlib.Path('{folder}/kept').read_text()", "done"),
    ],
)
def test_what_it_may_not(tmp_path_factory: pytest.TempPathFactory, attempt: str, outcome: str) -> None:
    folder = tmp_path_factory.mktemp("confined")
    (folder / "kept").write_text("x")
    program = _PROGRAM.format(attempt.format(folder=folder))
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == outcome
    assert (folder / "kept").exists()
