"""The workflows of the code host run what is run here, with no more rights than they need."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

FOLDER = Path(__file__).parents[2] / ".github" / "workflows"
WORKFLOWS: dict[str, dict[Any, Any]] = {
    file.name: yaml.safe_load(file.read_text()) for file in sorted(FOLDER.glob("*.yml"))
}


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_there_are_checks_and_a_release() -> None:
    assert set(WORKFLOWS) == {"check.yml", "release.yml", "scan.yml"}
    run = " ".join(step.get("run", "") for step in steps(WORKFLOWS["check.yml"]))
    for command in ("make lint", "make test"):
        assert command in run


@pytest.mark.parametrize("name", WORKFLOWS)
def test_foreign_code_is_named_by_its_hash(name: str) -> None:
    text = (FOLDER / name).read_text()
    for used in re.findall(r"uses: (.+)", text):
        assert re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


@pytest.mark.parametrize("name", WORKFLOWS)
def test_it_may_only_read_unless_a_job_says_more(name: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow[True]  # YAML reads the key `on` as true
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
    for step in steps(workflow):
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
        # What people write (titles, branches) is no part of a script.
        assert not re.search(r"\$\{\{\s*github\.(event|head_ref)", step.get("run", "")), step


def _notes(changelog: str, version: str) -> str:
    found: str = runpy.run_path(str(FOLDER.parents[1] / "tools" / "ci" / "release_notes.py"))["notes"](
        changelog, version
    )
    return found


def test_a_release_is_told_in_the_words_of_the_changelog() -> None:
    changelog = "# Changelog\n\n## Unreleased\n\n- soon\n\n## [1.2.0] - 2027-01-01\n\n- new\n\n## 1.1.0\n\n- old\n"
    assert (_notes(changelog, "1.2.0"), _notes(changelog, "1.1.0")) == ("- new", "- old")
    with pytest.raises(ValueError, match=r"nothing of 1\.2"):
        _notes(changelog, "1.2")
