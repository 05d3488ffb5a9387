"""What can be wrong with backups, as it is told."""

from __future__ import annotations

from kamhub.kit.text import mark
from kamhub.platform.alert.types import AlertKind

_RUNBOOK = "docs/runbooks/restore.md"

FAILED = AlertKind(
    "backup.failed",
    wrong=mark("A backup could not be made: %(error)s"),
    well=mark("Backups are made again: %(backup)s"),
    runbook=f"{_RUNBOOK}#a-backup-failed",
)
TOO_SMALL = AlertKind(
    "backup.too_small",
    wrong=mark(
        "A backup is much smaller than the one before: %(backup)s has %(size)s bytes, the one before had %(before)s"
    ),
    well=mark("Backups have their usual size again: %(backup)s"),
    runbook=f"{_RUNBOOK}#a-backup-is-too-small",
)
OVERDUE = AlertKind(
    "backup.overdue",
    wrong=mark("The newest backup is too old: it was made %(hours)s hours ago"),
    well=mark("There is a fresh backup again: %(backup)s"),
    runbook=f"{_RUNBOOK}#the-newest-backup-is-too-old",
)
VERIFY_FAILED = AlertKind(
    "backup.verify_failed",
    wrong=mark("A backup could not be verified: %(backup)s. %(error)s"),
    well=mark("A backup was verified again: %(backup)s"),
    runbook=f"{_RUNBOOK}#a-verification-failed",
)
PRUNE_FAILED = AlertKind(
    "backup.prune_failed",
    wrong=mark("Old backups could not be removed: %(error)s"),
    well=mark("Old backups are removed again: all that were due"),
    runbook=f"{_RUNBOOK}#old-backups-are-not-removed",
)

KINDS: tuple[AlertKind, ...] = (FAILED, TOO_SMALL, OVERDUE, VERIFY_FAILED, PRUNE_FAILED)
