"""Made, proven and put back, on a real server; kept in a folder."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from kamhub.hub.seats.types import HoldAsk
from kamhub.hub.services import Hub
from kamhub.platform.backup import tools
from kamhub.platform.backup.actions.create import create
from kamhub.platform.backup.actions.listing import listed
from kamhub.platform.backup.actions.prune import prune
from kamhub.platform.backup.actions.restore import restore
from kamhub.platform.backup.actions.verify import verify
from kamhub.platform.backup.manifest import MANIFEST, write_manifest
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.store import server, source
from kamhub.platform.backup.types import (
    BackupBusy,
    BackupCorrupt,
    BackupError,
    BackupForeign,
    BackupNewer,
    BackupNotFound,
    BackupStopped,
    Manifest,
    Stop,
)
from kamhub.platform.database.pool import Database
from tests.builders import World


def databases(backups: Backups) -> list[str]:
    with source.connected(backups.maintenance_url) as connection:
        return server.databases_like(connection, backups.database)


def drop_kept(backups: Backups) -> None:
    """What a restore has kept, so that it does not stay on the server of the tests."""
    with source.connected(backups.maintenance_url) as connection:
        for name in server.databases_like(connection, f"{backups.database}_"):
            server.drop_database(connection, name)


def rewritten(backups: Backups, manifest: Manifest, **changes: object) -> str:
    """The same backup with another manifest, as somebody might make it who knows how."""
    changed = replace(manifest, **changes)  # type: ignore[arg-type]
    folder = backups.folder.root / manifest.name
    (folder / MANIFEST).write_bytes(write_manifest(changed))
    return manifest.name


def slugs(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT slug FROM organisations ORDER BY 1").fetchall()]


def test_a_backup_holds_every_row_and_no_secret(backups: Backups) -> None:
    said: list[str] = []
    made = create(backups, say=lambda _done, _total, what: said.append(what))
    with source.connected(backups.owner_url) as connection:
        assert made.tables == source.count_rows(connection)
    assert made.tables["public.organisations"] == 3
    assert set(source.RUNNING_ROLES) <= set(made.roles)
    assert [b.name for b in listed(backups)] == [made.name]
    assert {"dump", "seal", "keep"} <= set(said)
    folder = backups.folder.root / made.name
    assert (folder / "dump" / "toc.dat").is_file()
    assert not list(backups.folder.root.glob(".*"))
    password = urlsplit(backups.owner_url).password
    assert password is not None
    assert password not in (folder / MANIFEST).read_text()
    assert "a-key" in (folder / MANIFEST).read_text()
    assert oct(backups.folder.root.stat().st_mode)[-3:] == "700"


def test_the_password_is_on_no_command_line(backups: Backups, tmp_path: Path) -> None:
    """A stand-in of the program writes down what it was started with."""
    told = tmp_path / "told.json"
    script = tmp_path / "bin" / "pg_dump"
    script.parent.mkdir()
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"open({str(told)!r}, 'w').write(json.dumps([sys.argv, dict(os.environ)]))\n"
        "print('pg_dump: error: no', file=sys.stderr)\nsys.exit(1)\n"
    )
    script.chmod(0o700)
    mine = tools.Tools(script.parent, 18)
    with pytest.raises(BackupError, match="pg_dump failed: no"):
        tools.dump(mine, backups.owner_url, tmp_path / "x", "s", jobs=1, sizes={}, stop=Stop(), say=lambda *_: None)
    argv, environment = json.loads(told.read_text())
    password = urlsplit(backups.owner_url).password
    assert password is not None
    assert password not in " ".join(argv)
    assert environment["PGPASSWORD"] == password
    assert "KAMHUB_SECRET_KEY" not in environment


def test_an_older_program_is_refused_in_words(backups: Backups, tmp_path: Path) -> None:
    script = tmp_path / "pg_dump"
    script.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.9'\n")
    script.chmod(0o700)
    (tmp_path / "pg_restore").write_text("")
    with pytest.raises(BackupError, match=r"of PostgreSQL 18 or newer are needed .* found: 15 in"):
        create(replace(backups, pg_bin=tmp_path))
    with pytest.raises(BackupError, match="found: none"):
        create(replace(backups, pg_bin=tmp_path / "nowhere"))
    assert listed(backups) == []


def test_only_one_works_at_a_time(backups: Backups) -> None:
    with backups.alone():
        for work in (create, prune):
            with pytest.raises(BackupBusy, match="under way"):
                work(backups)
    create(backups)


def test_a_login_that_row_level_security_binds_is_refused(
    backups: Backups, postgres: object, database_url: str
) -> None:
    with source.connected(backups.maintenance_url) as connection:
        connection.execute("GRANT CONNECT ON DATABASE postgres TO kamhub_app")
        try:
            with pytest.raises(BackupError, match="may not read everything: set KAMHUB_BACKUP_DATABASE_URL"):
                create(replace(backups, reader_url=database_url))
        finally:
            connection.execute("REVOKE CONNECT ON DATABASE postgres FROM kamhub_app")


def test_one_that_is_stopped_leaves_nothing(backups: Backups) -> None:
    stop = Stop()
    with pytest.raises(BackupStopped):
        create(backups, stop=stop, say=lambda *_: stop.set())
    assert listed(backups) == []
    assert not list(backups.folder.root.iterdir())


def test_two_of_one_second_have_two_names(backups: Backups) -> None:
    first, second = create(backups), create(backups)
    assert first.name < second.name


def test_a_good_one_is_proven_and_noted(backups: Backups) -> None:
    made = create(backups)
    with source.connected(backups.maintenance_url) as connection:
        server.create_database(connection, f"{backups.database}_verify_0000dead")  # of one that was killed
    name, result = verify(backups)
    assert (name, result.ok) == (made.name, True)
    [found] = listed(backups)
    assert found.proven
    assert databases(backups) == [backups.database]
    assert not list(backups.folder.root.glob("kamhub-backup-*"))


def test_what_was_changed_is_found_and_noted(backups: Backups) -> None:
    made = create(backups)
    largest = max(made.files, key=lambda file: file.size)
    path = backups.folder.root / made.name / largest.path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BackupCorrupt, match="is not what was written"):
        verify(backups)
    [found] = listed(backups)
    assert not found.good
    with pytest.raises(BackupCorrupt, match="is not what was written"):
        restore(backups, made.name)
    path.unlink()
    with pytest.raises(BackupCorrupt, match="is missing"):
        verify(backups)
    assert databases(backups) == [backups.database]


def test_a_missing_row_is_found(backups: Backups) -> None:
    made = create(backups)
    tables = {**made.tables, "public.organisations": 4}
    name = rewritten(backups, made, tables=tables)
    with pytest.raises(BackupCorrupt, match=r"public\.organisations: 4 dumped, 3 loaded"):
        verify(backups, name)
    assert databases(backups) == [backups.database]


def test_a_broken_promise_is_found(backups: Backups, world: World) -> None:
    departure = world.departure()
    world.execute("UPDATE departures SET taken = '{1,1,1}' WHERE id = %s", departure)
    create(backups)
    with pytest.raises(BackupCorrupt, match="breaks promises of the product: counters"):
        verify(backups)


async def test_what_is_taken_while_seats_are_sold_keeps_every_promise(hub: Hub, world: World, backups: Backups) -> None:
    departures = [world.departure(capacity=5000) for _ in range(3)]
    busy, over = asyncio.Event(), asyncio.Event()

    async def sell(departure: object) -> int:
        sold = 0
        while not over.is_set():
            if sold > 5:
                busy.set()
            await hub.engine.hold(
                HoldAsk(departure, 1, "api", world.places["airport"], world.places["springs"], None, None)  # type: ignore[arg-type]
            )
            sold += 1
        return sold

    selling = [asyncio.create_task(sell(departure)) for departure in departures]
    await busy.wait()
    made = await asyncio.to_thread(create, backups)
    over.set()
    sold = sum(await asyncio.gather(*selling))
    assert 0 < made.tables["public.bookings"] < sold
    await asyncio.to_thread(verify, backups)


async def test_restoring_brings_back_what_was_while_the_product_runs(
    backups: Backups, world: World, database: Database, data_dir: Path
) -> None:
    (data_dir / "assets" / "one").mkdir(parents=True)
    (data_dir / "assets" / "one" / "price.pdf").write_bytes(b"prices")
    name = backups.database
    world.execute(
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT, TEMPORARY ON DATABASE {name} TO kamhub_app"
    )
    made = await asyncio.to_thread(create, backups)
    world.execute("UPDATE organisations SET slug = 'after-' || slug")
    (data_dir / "assets" / "one" / "price.pdf").unlink()
    async with database.system() as connection:
        await connection.execute("SELECT 1")  # connections that are open when the ground moves
    done = await asyncio.to_thread(restore, backups, made.name)
    try:
        assert not any(slug.startswith("after-") for slug in slugs(world.owner_url))
        assert done.kept_as is not None
        assert all(slug.startswith("after-") for slug in slugs(tools.with_database(world.owner_url, done.kept_as)))
        async with database.system() as connection:
            row = await (await connection.execute("SELECT count(*) FROM organisations")).fetchone()
            assert row == (3,)
        assert (data_dir / "assets" / "one" / "price.pdf").read_bytes() == b"prices"
        assert not done.other_key
        assert access(backups, backups.database) == access(backups, done.kept_as)
        assert ("kamhub_app", "CONNECT") in access(backups, backups.database)
    finally:
        drop_kept(backups)


def access(backups: Backups, database: str) -> set[tuple[object, ...]]:
    """Who may do what with a database."""
    with source.connected(backups.maintenance_url) as connection:
        rows = connection.execute(
            "SELECT a.grantee::regrole::text, a.privilege_type FROM pg_database d, aclexplode(d.datacl) a WHERE datname = %s",
            (database,),
        )
        return set(rows.fetchall())


def test_a_database_that_is_gone_is_made_again(backups: Backups, world: World) -> None:
    made = create(backups)
    with source.connected(backups.maintenance_url) as connection:
        server.drop_database(connection, backups.database)
    done = restore(replace(backups, key="another"), made.name)
    assert done.kept_as is None
    assert done.other_key
    with source.connected(backups.app_url) as running:
        source.take_each_role(running)
    assert slugs(world.owner_url) == ["catalogue", world.main.slug, world.other.slug]


def test_one_of_another_hub_is_refused(backups: Backups, world: World) -> None:
    made = create(backups)
    world.execute("UPDATE installation SET id = gen_random_uuid()")
    with pytest.raises(BackupForeign, match="--adopt"):
        restore(backups, made.name)
    assert prune(backups, dry=True).removed == ()
    done = restore(backups, made.name, adopt=True)
    drop_kept(backups)
    assert done.kept_as is not None


def test_newer_ones_and_unknown_ones_are_refused(backups: Backups) -> None:
    made = create(backups)
    with pytest.raises(BackupNewer, match="schema of version 9999"):
        restore(backups, rewritten(backups, made, schema=9999))
    with pytest.raises(BackupNewer, match="PostgreSQL 99"):
        restore(backups, rewritten(backups, made, server=990000))
    with pytest.raises(BackupNotFound, match="no backup named 20261124T000000Z-00000000"):
        restore(backups, "20261124T000000Z-00000000")
    with pytest.raises(BackupNotFound):
        restore(backups, "../../etc")
    (backups.folder.root / made.name / MANIFEST).write_text("{}")
    with pytest.raises(BackupForeign, match="not made by this product"):
        restore(backups, made.name)
    assert databases(backups) == [backups.database]


def test_a_role_that_the_server_has_not_is_named(backups: Backups) -> None:
    made = create(backups)
    role = f"reporting_{uuid4().hex[:8]}"
    with pytest.raises(BackupError, match=f"gives rights to {role}, which this server has not"):
        restore(backups, rewritten(backups, made, roles=(*made.roles, role)))


def test_who_may_not_make_a_database_is_told_so(backups: Backups) -> None:
    made = create(backups)
    role = f"plain_{uuid4().hex[:8]}"
    parts = urlsplit(backups.owner_url)
    with source.connected(backups.maintenance_url) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'plain' BYPASSRLS IN ROLE pg_read_all_data".encode())
        connection.execute(f"GRANT CONNECT ON DATABASE postgres TO {role}".encode())
        connection.execute(f"GRANT CONNECT ON DATABASE {backups.database} TO {role}".encode())
    try:
        reader = replace(backups, reader_url=parts._replace(netloc=f"{role}:plain@127.0.0.1:{parts.port}").geturl())
        assert create(reader).tables == made.tables, "reading is enough to make one"
        powerless = replace(reader, owner_url=reader.reader_url)
        with pytest.raises(BackupError, match="may not make a database"):
            verify(powerless)
        with pytest.raises(BackupError, match="may not end the connections"):
            restore(powerless, made.name)
    finally:
        with source.connected(backups.owner_url) as connection:
            connection.execute(f"DROP OWNED BY {role}".encode())
        with source.connected(backups.maintenance_url) as connection:
            connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_a_server_that_is_away_is_a_sentence(backups: Backups) -> None:
    away = replace(backups, reader_url="postgresql://nobody:secret@127.0.0.1:9/x")
    with pytest.raises(BackupError, match="cannot be reached") as refused:
        create(away)
    assert "secret" not in str(refused.value)


def test_a_folder_that_cannot_be_used_is_a_sentence(backups: Backups) -> None:
    backups.folder.root.write_text("in the way")
    with pytest.raises(BackupError, match=r"The folder of backups .* cannot be used"):
        create(backups)


def test_leftovers_of_a_killed_one_are_pruned(backups: Backups) -> None:
    made = create(backups)
    begun = made.name.replace("T00", "T01")
    backups.folder.staging(begun)
    assert prune(backups).removed == (f"folder/{begun}",)
    assert [path.name for path in backups.folder.root.iterdir()] == [made.name]
