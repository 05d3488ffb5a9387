"""How a writer is called."""

from __future__ import annotations

import pytest

from kamhub.hub.review.rules import author_of


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Анна Ёлкина", "Анна Ё."),
        ("Anna", "Anna"),
        ("Anna Maria von der Heide", "Anna H."),
        ("  Anna   elkina ", "Anna E."),
    ],
)
def test_a_name_becomes_a_first_name_and_an_initial(name: str, shown: str) -> None:
    assert author_of(name) == shown
