"""What comparisons and their findings are called, for people."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.hub.reconciliation.types import ReconciliationStatus
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

_STATUSES: Mapping[ReconciliationStatus, str] = {
    "running": mark("being compared"),
    "clean": mark("the same on both sides"),
    "repaired": mark("repaired"),
    "differs": mark("differs"),
    "failed": mark("the payment service did not answer"),
}
_FINDINGS: Mapping[str, str] = {
    "lost_payment": mark("A payment nobody had told of"),
    "lost_capture": mark("Money that was taken, and nobody had told of it"),
    "lost_release": mark("Money that was let go, and nobody had told of it"),
    "lost_refund": mark("A refund nobody had told of"),
    "amount_differs": mark("Another amount"),
    "missing": mark("Not in the list of the payment service"),
}


def status_name(status: ReconciliationStatus, locale: Locale) -> str:
    """How a comparison ended."""
    return translator(locale).gettext(_STATUSES[status])


def finding_name(finding: str, locale: Locale) -> str:
    """What was found."""
    return translator(locale).gettext(_FINDINGS[finding]) if finding in _FINDINGS else finding
