"""`pg_dump` and `pg_restore`: which of them, and running them.

The password goes into their environment, never onto a command line. They end when their caller is asked to stop. When it
is killed they end at their next word, which nobody reads.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from kamhub.platform.backup.rules import tools_suit
from kamhub.platform.backup.types import BackupError, Progress, Stop
from kamhub.platform.embedded.binaries import find_installation
from kamhub.platform.embedded.types import EmbeddedDatabaseError
from kamhub.platform.monitoring.masks import mask_text

# libpq reads these from the environment; what else an address may have is left out and has its default.
_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "channel_binding": "PGCHANNELBINDING",
}
_TLS_MODES = frozenset({"require", "verify-ca", "verify-full"})
_FINISHED = re.compile(r"finished item \d+ TABLE DATA (\S+)")
_EXTENSION_COMMENT = " COMMENT - EXTENSION "
_ERROR = re.compile(r"^pg_(?:dump|restore): (?:error: )?(.*)")
_LONGEST_WORDS = 300
_LOOK_EVERY = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Tools:
    """The folder of the programs and their major version."""

    folder: Path
    major: int


def find_tools(url: str, server: int, wanted: Path | None = None) -> Tools:
    """Programs that suit a server of that version (such as 180006) at that address.

    ``wanted`` is the folder that the settings name. Else those of the system come first where the server may want TLS,
    which the ones that come with the product cannot speak. Raises ``BackupError`` when none suits.
    """
    found = [tools for folder in _folders(url, wanted) if (tools := _look(folder)) is not None]
    for tools in found:
        if tools_suit(tools.major, server):
            return tools
    have = ", ".join(f"{tools.major} in {tools.folder}" for tools in found) or "none"
    raise BackupError(
        f"pg_dump and pg_restore of PostgreSQL {server // 10000} or newer are needed for this server, found: {have}. "
        "Install the client programs of that version, or name their folder in KAMHUB_BACKUP_PG_BIN."
    )


def _folders(url: str, wanted: Path | None) -> list[Path]:
    if wanted is not None:
        return [wanted]
    system = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    system += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    try:
        own = [find_installation().bin]
    except EmbeddedDatabaseError:
        own = []
    parts = conninfo_to_dict(url)
    if str(parts.get("sslmode", "")) in _TLS_MODES:
        return system
    host = str(parts.get("host") or "")
    nearby = host in ("127.0.0.1", "::1", "localhost", "") or host.startswith("/")
    return [*own, *system] if nearby else [*system, *own]


@cache
def _look(folder: Path) -> Tools | None:
    try:
        done = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(\d+)", done.stdout)
    return Tools(folder, int(match[1])) if match and (folder / "pg_restore").is_file() else None


def dump(
    tools: Tools, url: str, into: Path, snapshot: str, *, jobs: int, sizes: Mapping[str, int], stop: Stop, say: Progress
) -> None:
    """Dump the snapshot in directory format. ``sizes`` are bytes by table name, for the progress alone.

    Raises ``BackupError`` with what the program says, ``BackupStopped``.
    """
    counter = _counter(sizes, "dump", say)
    argv = ["--format=directory", f"--file={into}", f"--jobs={jobs}", f"--snapshot={snapshot}", "--verbose"]
    _run(tools.folder / "pg_dump", [*argv, "--no-password"], url, stop, counter)


def load(
    tools: Tools, url: str, dumped: Path, *, jobs: int, sizes: Mapping[str, int], stop: Stop, say: Progress
) -> None:
    """Load a dump into an empty database; everything will belong to the login of ``url``.

    Raises ``BackupError`` with what the program says, ``BackupStopped``.
    """
    program = tools.folder / "pg_restore"
    with tempfile.TemporaryDirectory(prefix="kamhub-restore-") as scratch:
        contents = Path(scratch) / "contents"
        # The comments of extensions belong to whoever made them: a login that is no superuser may not set them.
        lines = [line for line in _contents(program, dumped) if _EXTENSION_COMMENT not in line]
        contents.write_text("\n".join(lines) + "\n", "utf-8")
        argv = [f"--use-list={contents}", f"--jobs={jobs}", "--no-owner", "--exit-on-error", "--verbose"]
        database = str(conninfo_to_dict(url)["dbname"])
        argv += [f"--dbname={database}", "--no-password", str(dumped)]
        _run(program, argv, url, stop, _counter(sizes, "load", say))


def _contents(program: Path, dumped: Path) -> list[str]:
    done = subprocess.run(
        [program, "--list", dumped], capture_output=True, text=True, check=False, timeout=300, env=_base_environment()
    )
    if done.returncode:
        raise BackupError(f"The dump cannot be read: {_words(done.stderr.splitlines())}")
    return done.stdout.splitlines()


def _counter(sizes: Mapping[str, int], what: str, say: Progress) -> Callable[[str], None]:
    """Turns the lines of a program into progress by the size of the tables it is done with."""
    total, done = max(sum(sizes.values()), 1), 0

    def read(line: str) -> None:
        nonlocal done
        if match := _FINISHED.search(line):
            done += sizes.get(match[1], 0)
            say(done, total, what)

    return read


def _run(program: Path, argv: Sequence[str], url: str, stop: Stop, read: Callable[[str], None]) -> None:
    last: list[str] = []
    with _running([str(program), *argv], environment(url)) as process:
        for line in _lines(process, stop):
            read(line)
            if "error:" in line or line.startswith(("DETAIL", "HINT")):
                last.append(line)
        code = process.wait()
    if code:
        stop.check()
        raise BackupError(f"{program.name} failed: {_words(last) or f'exit code {code}'}")


@contextmanager
def _running(argv: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env=env, umask=0o077, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            # Its helpers too: they are in its session.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _lines(process: subprocess.Popen[bytes], stop: Stop) -> Iterator[str]:
    """What a program writes, line by line; between them it is looked whether to stop. Raises ``BackupStopped``."""
    if process.stderr is None:
        raise RuntimeError("the program was started without its words being kept")
    descriptor, rest = process.stderr.fileno(), b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_READ)
        while True:
            stop.check()
            if not waiting.select(_LOOK_EVERY):
                continue
            part = os.read(descriptor, 65536)
            if not part:
                break
            *whole, rest = (rest + part).split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)
    if rest:
        yield rest.decode(errors="replace")


def _words(lines: Sequence[str]) -> str:
    """The first complaint of a program, masked: it may quote rows."""
    texts = [match[1] if (match := _ERROR.match(line)) else line for line in lines[:2]]
    return mask_text(" ".join(texts))[:_LONGEST_WORDS]


def environment(url: str) -> dict[str, str]:
    """What libpq programs need to log in at that address."""
    parts = conninfo_to_dict(url)
    given = {_VARIABLES[name]: str(value) for name, value in parts.items() if name in _VARIABLES and value is not None}
    return {**_base_environment(), **given}


def _base_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C", "PGAPPNAME": "kamhub-backup", "PGCONNECT_TIMEOUT": "10"}


def with_database(url: str, database: str) -> str:
    """The same address with another database; raises ``BackupError`` when it is no ``postgresql://`` address."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise BackupError("The address of the database must begin with postgresql://.")
    return parts._replace(path=f"/{database}").geturl()
