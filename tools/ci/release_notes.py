"""Prints what the changelog says of a version: ``release_notes.py v1.2.3``. Ends with 1 when it says nothing, or the program is another."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def notes(changelog: str, version: str) -> str:
    """The lines below ``## 1.2.3`` or ``## [1.2.3] - date``, up to the next version. Raises ``ValueError`` without any."""
    heading = rf"^## \[?{re.escape(version)}\]?(?: [^\n]*)?$"
    found = re.search(rf"{heading}\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing of {version}")
    return found[1].strip()


def main(tag: str) -> int:
    """Exit code 0 with the notes on standard output."""
    version = tag.removeprefix("v")
    carried = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    if carried != version:
        print(f"the program says that it is {carried}, the tag {version}", file=sys.stderr)
        return 1
    try:
        print(notes((ROOT / "CHANGELOG.md").read_text(), version))
    except ValueError as nothing:
        print(nothing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
