"""Whatever an alert or a board asks for is told by the running product, and Prometheus understands the question."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from kamhub.kit.clock import SystemClock
from kamhub.kit.ids import new_id
from tests.builders import World
from tests.system.product import KAMHUB, free_port, wait_for

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
BOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
PROMTOOL = shutil.which("promtool")
READY_WITHIN = 60.0
# Given by Prometheus itself, and by no process of ours.
_OF_PROMETHEUS = {"job", "instance", "le"}
# What a status, a route or a job may be depends on what people do.
_OF_PEOPLE = {"status", "route", "outcome"}


def panels(board: Path) -> list[dict[str, Any]]:
    """The panels of a board that show something."""
    found: list[dict[str, Any]] = [one for one in json.loads(board.read_text())["panels"] if one["type"] != "row"]
    return found


def questions() -> dict[str, str]:
    """Every question to Prometheus, by where it is asked."""
    asked = {
        f"{file.name}: {rule['alert']}": rule["expr"]
        for file in RULES
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    }
    for board in BOARDS:
        for panel in panels(board):
            for target in panel["targets"]:
                if target["datasource"]["uid"] == "prometheus":
                    text = target["expr"].replace("$__rate_interval", "1m")
                    asked[f"{board.name}: {panel['title']}, {target['refId']}"] = text
    return asked


@dataclass
class Told:
    """What the processes tell: names of samples, and the values of each label of each."""

    names: set[str] = field(default_factory=set)
    values: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))

    def read(self, text: str) -> None:
        """Add what one process says."""
        for family in text_string_to_metric_families(text):
            endings = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",)}.get(family.type, ("",))
            self.names |= {family.name + ending for ending in endings}
            for sample in family.samples:
                for label, value in sample.labels.items():
                    self.values[sample.name][label].add(value)


@pytest.fixture
def told(database_url: str, world: World, tmp_path: Path) -> Iterator[Told]:
    """A web process and a worker, as they run in production, asked after a page was shown and a backup was proven."""
    now = SystemClock().now()
    for task in ("create", "verify"):
        world.execute(
            "INSERT INTO backup_runs (id, task, started_at, ended_at, ok, size_bytes) VALUES (%s, %s, %s, %s, true, 1)",
            new_id(), task, now, now,
        )  # fmt: skip
    world.execute(
        "INSERT INTO backup_runs (id, task, started_at, ended_at, ok, error) VALUES (%s, 'create', %s, %s, false, 'disk')",
        new_id(), now, now,
    )  # fmt: skip
    world.execute("INSERT INTO alerts (kind, raised_at, told_at) VALUES ('backup.overdue', %s, %s)", now, now)
    ports = {"web": free_port(), "worker": free_port()}
    environment = {
        **os.environ,
        "KAMHUB_DATABASE_URL": database_url,
        "KAMHUB_DATA_DIR": str(tmp_path),
        "KAMHUB_WORKER_HEALTH_PORT": str(ports["worker"]),
        "KAMHUB_BACKUPS": "off",
        "KAMHUB_SECRET_KEY": "a secret of the tests, long enough to be one",
    }
    argv = {"web": [*KAMHUB, "web", "--port", str(ports["web"])], "worker": [*KAMHUB, "worker"]}
    running = {part: subprocess.Popen(argv[part], env=environment, stderr=subprocess.DEVNULL) for part in argv}
    try:
        for part, path in (("web", "/health/ready"), ("worker", "/health")):
            wait_for(lambda part=part, path=path: _answers(ports[part], path), READY_WITHIN, part)  # type: ignore[misc]
        httpx.get(f"http://127.0.0.1:{ports['web']}/search", timeout=30)
        found = Told()
        for port in ports.values():
            found.read(httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text)
        yield found
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait(30)


def _answers(port: int, path: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5).is_success
    except httpx.TransportError:
        return False


@pytest.mark.timeout(150)
def test_whatever_is_asked_for_is_told_by_a_web_process_or_a_worker_and_documented(told: Told) -> None:
    missing = {}
    for place, text in questions().items():
        names = set(re.findall(r"\bkamhub_\w+", text))
        assert names or "up{" in text, f"{place} asks for nothing of ours"
        if unknown := names - told.names:
            missing[place] = unknown
    assert missing == {}
    assert all(name.startswith("kamhub_") for name in told.names)
    assert _never_told(told, questions()) == {}
    slip = 'kamhub_seat_holds_total{outcome!~"granted|given"} + kamhub_cases_open{sort="paid_twice"}'
    assert _never_told(told, {"a slip": slip}) == {
        "a slip": {"kamhub_seat_holds_total: outcome=given", "kamhub_cases_open: sort"}
    }
    assert _documented() == {_family(name, told) for name in told.names}


def _documented() -> set[str]:
    """The metrics that the documentation tells of."""
    return set(re.findall(r"^\| `(kamhub_\w+)`", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))


def _family(name: str, told: Told) -> str:
    family = re.sub(r"_(bucket|count|sum)$", "", name)
    return family if f"{family}_bucket" in told.names else name


def _never_told(told: Told, asked: dict[str, str]) -> dict[str, set[str]]:
    """Labels that a question names and nobody gives, and values of which there are only a few that are none of them."""
    missing: dict[str, set[str]] = defaultdict(set)
    for place, text in asked.items():
        for name, inside in re.findall(r"\b(kamhub_\w+)\{([^}]*)\}", text):
            for label, sign, wanted in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', inside):
                given = told.values[name].get(label, set())
                if label in _OF_PROMETHEUS or not told.values[name]:
                    continue
                if not given:
                    missing[place].add(f"{name}: {label}")
                elif label not in _OF_PEOPLE or name == "kamhub_seat_holds_total":
                    known = given if "~" not in sign else {one for one in given if re.fullmatch(wanted, one)}
                    alternatives = set(wanted.split("|")) - known if "*" not in wanted else set()
                    missing[place] |= {f"{name}: {label}={one}" for one in alternatives}
    return {place: words for place, words in missing.items() if words}


@pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool here")
def test_prometheus_understands_every_question_of_the_boards(tmp_path: Path) -> None:
    asked = list(questions().values())
    assert len(asked) > 60
    rules = [{"record": f"board:question:{number}", "expr": text} for number, text in enumerate(asked)]
    file = tmp_path / "questions.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "boards", "rules": rules}]}))
    done = subprocess.run(
        [str(PROMTOOL), "check", "rules", str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.stem)
def test_a_board_says_what_it_shows_and_in_which_unit(board: Path) -> None:
    whole = json.loads(board.read_text())
    assert board.read_text() == json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    assert (whole["uid"], whole["title"].lower()) == (f"kamhub-{board.stem}", board.stem)
    assert whole["description"]
    numbers = [panel["id"] for panel in whole["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in panels(board):
        assert panel["title"], panel
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"], panel["title"]
            assert (target["datasource"]["type"], target["datasource"]["uid"]) in {
                ("prometheus", "prometheus"),
                ("loki", "loki"),
            }


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.stem)
def test_no_panel_of_a_board_lies_on_another(board: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(board.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
