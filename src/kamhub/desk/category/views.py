"""Categories as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.desk.category.types import Branch


def category_json(branch: Branch) -> dict[str, object]:
    """A category where it stands."""
    category = branch.category
    return {
        "id": category.id,
        **category.facts.as_json(),
        "path": list(branch.path),
        "contents": category.contents,
        "version": category.version,
        "created_at": category.created_at,
    }


COLUMNS = ("id", "path", "name", "parent_id", "description", "sort_order", "contents", "created_at")


def category_cells(branch: Branch) -> list[object]:
    """The same in the order of ``COLUMNS``."""
    told = category_json(branch)
    told["path"] = " › ".join(branch.path)
    return [told[name] for name in COLUMNS]
