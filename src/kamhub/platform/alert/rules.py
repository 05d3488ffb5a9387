"""Pure decisions about alerts: when they are told, and in which words."""

from __future__ import annotations

from datetime import datetime, timedelta

from kamhub.kit.text import Locale
from kamhub.platform.alert.types import Alert, AlertKind, Moment
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats

TOLD_AGAIN_AFTER = timedelta(days=1)


def is_told(known: Alert | None, now: datetime) -> bool:
    """Whether an alert that is raised now is told, or only counted."""
    return known is None or known.recovered_at is not None or now - known.told_at >= TOLD_AGAIN_AFTER


def words(
    kind: AlertKind, alert: Alert, moment: Moment, public_url: str, locale: Locale
) -> tuple[str, tuple[str, ...]]:
    """A subject and the paragraphs below it, in that language."""
    _ = translator(locale).gettext
    message = kind.wrong if moment == "raised" else kind.well
    sentence = _(message) % dict(alert.facts)
    at = alert.recovered_at if moment == "recovered" and alert.recovered_at else alert.raised_at
    when = f"{Formats(locale).moment(at)} (UTC)"
    since = _("Since %(when)s.") if moment == "raised" else _("It was over on %(when)s.")
    paragraphs = [sentence, since % {"when": when}, _("Installation: %(url)s") % {"url": public_url}]
    if moment == "raised":
        paragraphs.append(_("What to do: %(page)s") % {"page": kind.runbook})
    head = _("Alert: %(what)s") if moment == "raised" else _("Over: %(what)s")
    return head % {"what": sentence.split(":")[0].rstrip(".")}, tuple(paragraphs)
