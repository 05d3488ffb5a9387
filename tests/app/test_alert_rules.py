"""The alerts speak of metrics that there are, and lead to a page that says what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from kamhub.app.metrics import RequestMetrics, Work, exposition
from kamhub.app.work import ALERTS
from kamhub.hub.integrity.types import CheckState, IntegrityState
from kamhub.platform.backup.types import BackupState

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
TESTS = sorted((ROOT / "deploy" / "prometheus" / "tests").glob("*.yml"))
PROMTOOL = shutil.which("promtool")


def alerts() -> list[dict[str, Any]]:
    return [rule for file in RULES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


def anchors(document: Path) -> set[str]:
    """The headings of a document, as links name them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    assert {alert["alert"] for alert in alerts()} >= {"KamhubDeadLetters", "KamhubUrgentJobsWait", "KamhubNoWorker"}
    for alert in alerts():
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert alert["annotations"]["summary"]
        document, _, anchor = alert["annotations"]["runbook_url"].partition("#")
        assert anchor in anchors(ROOT / document), alert["alert"]


def test_every_alert_of_the_product_itself_leads_to_its_page() -> None:
    for kind in ALERTS:
        document, _, anchor = kind.runbook.partition("#")
        assert anchor in anchors(ROOT / document), kind.name


def test_every_metric_of_an_alert_is_told() -> None:
    now = datetime.now(UTC)
    backups = BackupState(now, now, 1, created_ok=True, verified_at=now, verified_ok=True)
    integrity = IntegrityState([CheckState("x", now, 0.1, now, 0, None, None)])
    told = exposition(RequestMetrics(), Counter(), {}, Work([], 0, backups, (), integrity)).decode()
    names = {name for alert in alerts() for name in re.findall(r"kamhub_\w+", alert["expr"])}
    assert len(names) >= 4
    assert {name for name in names if f"# TYPE {name} gauge" not in told} == set()
    queues = {name for alert in alerts() for name in re.findall(r'queue=~"([^"]+)"', alert["expr"])}
    for queue in "|".join(queues).split("|"):
        assert f'kamhub_jobs_oldest_waiting_seconds{{queue="{queue}"}}' in told


@pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool here")
@pytest.mark.parametrize("words", [("check", "rules", *RULES), ("test", "rules", *TESTS)], ids=["check", "test"])
def test_prometheus_takes_them_and_they_fire_when_they_should(words: tuple[str | Path, ...]) -> None:
    done = subprocess.run([str(PROMTOOL), *map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
