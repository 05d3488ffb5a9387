"""What may be written down, and how it is told."""

import re
from pathlib import Path

import pytest

import kamhub
from kamhub.platform.audit import rules
from kamhub.platform.audit.words import ACTIONS, field_name, sentence, value_text


def test_secrets_are_masked_at_any_depth() -> None:
    facts = {"name": "Anna", "password": "p", "inner": {"api_secret": "s", "list": [{"refresh_token": "t"}, 1]}}
    assert rules.masked(facts) == {
        "name": "Anna",
        "password": rules.MASK,
        "inner": {"api_secret": rules.MASK, "list": [{"refresh_token": rules.MASK}, 1]},
    }
    assert rules.masked(None) is None


def test_of_two_states_only_what_differs_is_kept() -> None:
    before, after = rules.changed({"role": "viewer", "name": "Anna"}, {"role": "admin", "name": "Anna", "new": 1})
    assert (before, after) == ({"role": "viewer", "new": None}, {"role": "admin", "new": 1})


@pytest.mark.parametrize("text", ["", "Anna", "3=3", "a@b.example", "{}", "'=1"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert rules.harmless(text) == text


def test_values_are_told_for_the_eye() -> None:
    assert value_text(None, "en") == "—"
    assert value_text(True, "en") == "yes"
    assert value_text(["a", 1, None], "en") == "a, 1, —"
    assert value_text({"a": False}, "en") == "a: no"
    assert value_text(12, "en") == "12"


def test_what_has_no_name_is_shown_as_written() -> None:
    assert sentence("thing.done", "en") == "thing.done"
    assert field_name("thing", "en") == "thing"
    assert sentence("member.removed", "en") == "A member was removed"


def test_every_action_that_routes_declare_has_a_sentence() -> None:
    """Read from the source: a route declares its action as ``audit="thing.happened"``."""
    declared: set[str] = set()
    for file in Path(kamhub.__file__).parent.rglob("*.py"):
        declared.update(re.findall(r'audit="([a-z_]+\.[a-z_]+)"', file.read_text()))
    assert declared - set(ACTIONS) == set()
