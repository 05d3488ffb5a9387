"""Drivers as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.hub.driver.types import Driver

COLUMNS = ("id", "name", "phone", "languages", "works_from", "works_to", "archived", "created_at")


def driver_json(driver: Driver) -> dict[str, object]:
    """A driver."""
    return {
        "id": driver.id,
        **driver.facts.as_json(),
        "archived": driver.archived_at is not None,
        "version": driver.version,
        "created_at": driver.created_at,
    }


def driver_cells(driver: Driver) -> list[object]:
    """The same in the order of ``COLUMNS``."""
    told = driver_json(driver)
    told["languages"] = " ".join(driver.facts.languages)
    return [told[name] for name in COLUMNS]
