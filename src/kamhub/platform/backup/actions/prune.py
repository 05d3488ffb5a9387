"""Removing what has been kept long enough."""

from __future__ import annotations

from kamhub.platform.backup.actions.listing import listed
from kamhub.platform.backup.rules import belongs_to, to_remove
from kamhub.platform.backup.services import Backups, in_a_sentence
from kamhub.platform.backup.store import source
from kamhub.platform.backup.types import BackupError, Pruned


def prune(backups: Backups, *, dry: bool = False) -> Pruned:
    """Remove this hub's backups that are older than they are to be kept, and leftovers of killed ones.

    Each place is judged for itself. Never the last good one, see ``rules.to_remove``. ``dry`` only says what it would be.
    What could be removed is removed before the first refusal is raised. Raises ``BackupBusy``, ``BackupError``.
    """
    removed: list[str] = []
    refusals: list[BackupError] = []
    with backups.alone():
        with in_a_sentence(), source.connected(backups.reader_url) as connection:
            hub = source.installation(connection)
        if hub is None:
            raise BackupError("The database does not say which hub it is of: run `kamhub migrate`.")
        found = listed(backups)
        keep = {"folder": backups.policy.local, "s3": backups.policy.remote}
        for storage in backups.places:
            names = to_remove(found, storage.place, keep[storage.place], hub[0], backups.clock.now())
            # Nobody makes one while we hold the lock, so what is unfinished stays unfinished.
            names += [name for name in storage.leftovers() if belongs_to(name, hub[0])]
            for name in names:
                try:
                    if not dry:
                        storage.remove(name)
                    removed.append(f"{storage.place}/{name}")
                except BackupError as refusal:
                    refusals.append(refusal)
    if refusals:
        raise BackupError(f"{len(refusals)} of {len(refusals) + len(removed)} could not be removed: {refusals[0]}")
    return Pruned(tuple(removed))
