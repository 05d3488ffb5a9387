"""The page on the state of the hub."""

from __future__ import annotations

from datetime import timedelta

from tests.asgi import Web
from tests.builders import World
from tests.platform.job.test_job_pages import shown
from tests.platform.session.support import Browser

PAGE = "/office/status"
INSERT = (
    "INSERT INTO backup_runs (id, task, backup, started_at, ended_at, ok, size_bytes, error) "
    "VALUES (uuidv7(), %s, '20261124T000000Z-0000beef', %s, %s, %s, 4711, %s)"
)


async def test_it_says_whether_backups_are_fresh_and_proven(web: Web, world: World) -> None:
    owner = await Browser(web).signed_in("owner@main.example")
    now = web.clock.now()
    world.execute("UPDATE installation SET created_at = %s", now)
    page = await shown(owner, PAGE)
    assert "Last backup none yet" in page
    assert "There should be" not in page
    world.execute("UPDATE installation SET created_at = %s", now - timedelta(hours=9))
    assert "for 9 h there was none" in (await shown(owner, PAGE)).replace("\N{NO-BREAK SPACE}", " ")
    world.execute(INSERT, "create", now, now, True, None)
    world.execute(INSERT, "verify", now, now, False, "/var/lib/somewhere is spoilt")
    page = await shown(owner, PAGE)
    assert "There should be" not in page
    assert "The last trial of a restore failed. Tell whoever runs this hub." in page
    assert "/var/lib/somewhere" not in page, "what belongs to the machine is nobody's business here"
    assert "4711" not in page


async def test_it_is_for_whoever_may_see_the_jobs(web: Web, world: World) -> None:
    viewer = await Browser(web).signed_in("viewer@main.example")
    assert (await viewer.get(PAGE)).status_code == 403
    manager = await Browser(web).signed_in("manager@main.example")
    assert f'href="{PAGE}"' in (await manager.get("/office")).text
