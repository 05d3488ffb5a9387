"""What can be wrong with the promises, as it is told."""

from __future__ import annotations

from kamhub.kit.text import mark
from kamhub.platform.alert.types import AlertKind

_RUNBOOK = "docs/runbooks/integrity.md"

BROKEN = AlertKind(
    "integrity.broken",
    wrong=mark("A promise of the product is broken: %(check)s, in %(breaches)s places"),
    well=mark("A promise of the product holds again: %(check)s"),
    runbook=f"{_RUNBOOK}#a-promise-is-broken",
)
UNCOUNTED = AlertKind(
    "integrity.uncounted",
    wrong=mark("A promise of the product could not be checked: %(check)s. %(error)s"),
    well=mark("A promise of the product is checked again: %(check)s"),
    runbook=f"{_RUNBOOK}#a-promise-is-not-checked",
)

KINDS: tuple[AlertKind, ...] = (BROKEN, UNCOUNTED)
