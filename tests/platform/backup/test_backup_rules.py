"""Names, ages, what is kept and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.platform.backup import rules
from kamhub.platform.backup.manifest import (
    read_manifest,
    read_verification,
    write_manifest,
    write_verification,
)
from kamhub.platform.backup.types import (
    Backup,
    BackupCorrupt,
    BackupForeign,
    BackupNewer,
    BackupState,
    Manifest,
    StoredFile,
    Verification,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OURS, THEIRS = UUID(int=1 << 96), UUID(int=2 << 96)
DAY = timedelta(days=1)


def manifest(age: timedelta = timedelta(0), hub: UUID = OURS) -> Manifest:
    at = NOW - age
    return Manifest(
        name=rules.backup_name(at, hub),
        installation=hub,
        created_at=at,
        program="0.1.0",
        schema=21,
        server=180006,
        key="k",
        encrypted=False,
        roles=("kamhub_system",),
        tables={"public.bookings": 2},
        files=(StoredFile("dump/toc.dat", 10, "00"),),
    )


def backup(age: timedelta, verified: bool | None = None, *, spoilt: bool = False, hub: UUID = OURS) -> Backup:
    made = manifest(age, hub)
    note = None if verified is None else Verification(NOW, verified, 1.0, "" if verified else "bad")
    return Backup(made.name, made.created_at, ("folder",), None if spoilt else made, note)


def removed(backups: list[Backup], keep: timedelta = 7 * DAY) -> list[str]:
    return rules.to_remove(backups, "folder", keep, OURS, NOW)


def test_a_name_tells_when_and_whose() -> None:
    name = rules.backup_name(NOW, OURS)
    assert name == "20261124T120000Z-00000001"
    assert rules.moment_of(name) == NOW
    assert rules.belongs_to(name, OURS)
    assert not rules.belongs_to(name, THEIRS)


@pytest.mark.parametrize("name", ["", "../x", "20261124T120000Z", "20261399T120000Z-00000001", ".partial-x"])
def test_other_names_are_none(name: str) -> None:
    assert rules.moment_of(name) is None


def test_what_is_older_than_it_is_kept_is_removed() -> None:
    found = [backup(8 * DAY), backup(6 * DAY), backup(timedelta(0))]
    assert removed(found) == [found[0].name]


def test_the_only_good_one_stays_however_old_it_is() -> None:
    good = backup(90 * DAY, verified=True)
    assert removed([good]) == []
    assert removed([good, backup(80 * DAY, verified=False), backup(70 * DAY, spoilt=True)]) == [
        backup(80 * DAY).name,
        backup(70 * DAY).name,
    ]


def test_the_newest_proven_one_stays_beside_a_newer_one_that_nobody_tried() -> None:
    proven, untried = backup(90 * DAY, verified=True), backup(80 * DAY)
    assert removed([backup(100 * DAY), proven, untried]) == [backup(100 * DAY).name]


def test_of_nothing_but_spoilt_ones_the_newest_stays() -> None:
    assert removed([backup(90 * DAY, spoilt=True), backup(80 * DAY, verified=False)]) == [backup(90 * DAY).name]


def test_of_another_hub_nothing_is_removed() -> None:
    assert removed([backup(90 * DAY, hub=THEIRS), backup(80 * DAY, hub=THEIRS)]) == []


def test_what_is_elsewhere_does_not_count_here() -> None:
    elsewhere = replace(backup(timedelta(0)), places=("s3",))
    assert removed([backup(90 * DAY), elsewhere]) == []


KINDS = st.tuples(st.integers(0, 400), st.sampled_from([None, True, False]), st.booleans())


@given(st.lists(KINDS, max_size=12, unique_by=lambda kind: kind[0]), st.integers(0, 60))
def test_pruning_never_takes_the_last_good_one(kinds: list[tuple[int, bool | None, bool]], days: int) -> None:
    found = [backup(age * DAY / 4, verified, spoilt=spoilt) for age, verified, spoilt in kinds]
    left = [b for b in found if b.name not in removed(found, days * DAY)]
    assert any(b.good for b in left) is any(b.good for b in found)
    assert any(b.proven for b in left) is any(b.proven for b in found)
    assert bool(left) is bool(found)
    assert all(b in left for b in found if NOW - b.created_at <= days * DAY)


def test_half_of_the_last_one_is_too_small() -> None:
    assert not rules.too_small(10, None)
    assert not rules.too_small(50, 100)
    assert rules.too_small(49, 100)


def test_a_backup_is_overdue_after_seven_hours() -> None:
    hour = timedelta(hours=1)
    assert not rules.is_overdue(BackupState(since=NOW - 7 * hour), NOW)
    assert rules.is_overdue(BackupState(since=NOW - 8 * hour), NOW)
    assert not rules.is_overdue(BackupState(since=NOW - 99 * hour, created_at=NOW - 6 * hour), NOW)
    assert rules.is_overdue(BackupState(since=NOW - 99 * hour, created_at=NOW - 8 * hour), NOW)
    assert not rules.is_overdue(BackupState(since=NOW, created_at=NOW - 8 * hour), NOW), "restored just now"


def test_differences_are_named_and_bounded() -> None:
    assert rules.differences({"a": 1}, {"a": 1}) == ""
    assert rules.differences({"a": 1, "b": 2}, {"a": 1, "c": 3}) == (
        "b: 2 dumped, no table loaded; c: no table dumped, 3 loaded"
    )
    assert rules.differences({str(n): 1 for n in range(9)}, {}).endswith("and 6 more")


def test_breaches_in_words() -> None:
    assert rules.breaches_in_words({"a": 0}) == ""
    assert rules.breaches_in_words({"a": 0, "b": 2, "c": 1}) == "b: 2, c: 1"


def test_newer_ones_are_refused_by_name() -> None:
    rules.require_restorable(manifest(), newest_schema=21, server=180001)
    rules.require_restorable(manifest(), newest_schema=22, server=190000)
    with pytest.raises(BackupNewer, match="version 21, this program knows 20"):
        rules.require_restorable(manifest(), newest_schema=20, server=180006)
    with pytest.raises(BackupNewer, match="PostgreSQL 18, this server is 17"):
        rules.require_restorable(manifest(), newest_schema=21, server=170009)


def test_a_foreign_one_is_refused_unless_there_is_nothing_to_lose() -> None:
    rules.require_own(manifest(), OURS, empty=False)
    rules.require_own(manifest(), THEIRS, empty=True)
    rules.require_own(manifest(), None, empty=False)
    with pytest.raises(BackupForeign, match="another hub"):
        rules.require_own(manifest(), THEIRS, empty=False)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a\\b", "./a"])
def test_a_manifest_may_not_lead_outside(path: str) -> None:
    with pytest.raises(BackupCorrupt, match="cannot be"):
        rules.require_files(replace(manifest(), files=(StoredFile(path, 1, "00"),)))


def test_a_database_beside_has_room_in_its_name() -> None:
    assert rules.database_beside("kamhub", "verify_") == "kamhub_verify_"
    assert len(rules.database_beside("к" * 40, "before_20261124").encode()) <= 63


def test_client_programs_must_not_be_older_than_the_server() -> None:
    assert rules.tools_suit(18, 180006)
    assert rules.tools_suit(18, 170000)
    assert not rules.tools_suit(17, 180006)
    assert not rules.tools_suit(15, 150000)


def test_a_manifest_reads_back() -> None:
    assert read_manifest(write_manifest(manifest()), manifest().name) == manifest()


def test_a_changed_manifest_is_noticed() -> None:
    raw = write_manifest(manifest())
    content = json.loads(raw)
    wrong: list[tuple[bytes, str, type[Exception]]] = [
        (b"{", "cannot be read", BackupCorrupt),
        (b"[]", "not made by this product", BackupForeign),
        (b'{"product": "other"}', "not made by this product", BackupForeign),
        (raw.replace(b": 2\n", b": 3\n"), "changed", BackupCorrupt),
        (json.dumps({**content, "format": 2}).encode(), "later format", BackupNewer),
    ]
    for spoilt, words, kind in wrong:
        with pytest.raises(kind, match=words):
            read_manifest(spoilt, manifest().name)
    with pytest.raises(BackupCorrupt, match="changed"):
        read_manifest(raw, manifest(DAY).name)


def test_a_note_that_cannot_be_read_is_none() -> None:
    note = Verification(NOW, False, 2.5, "why")
    assert read_verification(write_verification(note)) == note
    assert read_verification(None) is None
    assert read_verification(b"{}") is None
