"""Address names of organisations."""

from __future__ import annotations

import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.platform.person.rules import slug_candidates, slug_of


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Камчатка Трансфер", "kamchatka-transfer"),
        ("Вулкан Тур", "vulkan-tur"),
        ("Объезд & Щётка, ООО", "obezd-shchetka-ooo"),
        ("Чайка «Южный» 24/7", "chayka-yuzhnyy-24-7"),
        ("Café Élan", "cafe-elan"),
        ("熊出没", "operator"),
        ("--", "operator"),
        ("я" * 100, "ya" * 30),
    ],
)
def test_names_in_latin_letters(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@given(st.text(max_size=120))
def test_every_slug_has_the_shape_the_database_asks_for(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug_of(name))
    assert len(slug_of(name)) <= 60


def test_candidates_go_on_and_differ() -> None:
    candidates = list(islice(slug_candidates("Вулкан Тур"), 20))
    assert candidates[:3] == ["vulkan-tur", "vulkan-tur-2", "vulkan-tur-3"]
    assert len(set(candidates)) == 20
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", candidate) for candidate in candidates)
