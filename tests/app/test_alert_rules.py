"""The alerts fire when they should and lead to a page that says what to do; what they ask for is seen to in tests/deploy."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from kamhub.app.work import ALERTS

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
        assert document.startswith("docs/runbooks/"), alert["alert"]
        assert anchor in anchors(ROOT / document), alert["alert"]


def test_every_alert_of_the_product_itself_leads_to_its_page() -> None:
    for kind in ALERTS:
        document, _, anchor = kind.runbook.partition("#")
        assert anchor in anchors(ROOT / document), kind.name


def test_every_alert_is_tried_where_it_fires_and_where_all_is_well() -> None:
    fires: set[str] = set()
    rests: set[str] = set()
    for file in TESTS:
        for case in yaml.safe_load(file.read_text())["tests"]:
            for tried in case["alert_rule_test"]:
                (fires if tried["exp_alerts"] else rests).add(tried["alertname"])
    names = {alert["alert"] for alert in alerts()}
    assert (names - fires, names - rests) == (set(), set())


@pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool here")
@pytest.mark.parametrize("words", [("check", "rules", *RULES), ("test", "rules", *TESTS)], ids=["check", "test"])
def test_prometheus_takes_them_and_they_fire_when_they_should(words: tuple[str | Path, ...]) -> None:
    done = subprocess.run([str(PROMTOOL), *map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
