"""Each of these modules asks four hundred routes before its first test."""

from __future__ import annotations

from pathlib import Path

import pytest

_HERE = Path(__file__).parent
LONGEST = 900  # seconds, for a machine busy with other tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The walk is part of whichever test comes first."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(LONGEST))
