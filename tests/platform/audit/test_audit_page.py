"""The log in a browser."""

import csv
import io

from tests.asgi import Web
from tests.builders import World
from tests.platform.session.support import Browser

PAGE = "/office/audit"


async def busy(web: Web, world: World) -> Browser:
    """An owner who has changed a role."""
    browser = await Browser(web).signed_in("owner@main.example")
    changed = await browser.send(f"/office/members/{world.main.people['viewer']}/role", role="manager")
    assert changed.status_code == 303
    return browser


async def test_a_line_says_who_did_what_and_what_changed(web: Web, world: World) -> None:
    browser = await busy(web, world)
    page = await browser.get(PAGE)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "A member got another role" in page.text
    assert "24 Nov, 12:00" in page.text  # the organisation's clock
    assert "(UTC+12)" in page.text
    row = page.text[page.text.index('scope="row"') :]
    assert row.index("Role") < row.index("viewer") < row.index("manager")


async def test_roles_and_moments_are_told_as_people_say_them(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("owner@main.example")
    await browser.send(f"/office/members/{world.main.people['viewer']}/role", role="admin")
    await browser.send("/office/keys", name="Partner", scopes="octo", expires_in_days="30")
    page = (await browser.get(PAGE)).text
    assert "administrator" in page
    assert "24 December 2026, 12:00 (UTC+12)" in page


async def test_filters_keep_what_was_chosen(web: Web, world: World) -> None:
    browser = await busy(web, world)
    person = str(world.main.people["viewer"])
    for query in (
        "action=member.role_changed",
        f"object_id={person}",
        f"actor_id={world.main.people['owner']}&action=member.role_changed&from=2026-11-24&to=2026-11-24",
    ):
        page = (await browser.get(f"{PAGE}?{query}")).text
        assert "1 line" in page
        assert f"{PAGE}/export?{query.replace('&', '&amp;')}" in page
    assert 'value="2026-11-24"' in page
    nothing = (await browser.get(f"{PAGE}?from=2027-01-01")).text
    assert "Nothing fits these filters." in nothing


async def test_a_filter_that_is_none_is_said_at_its_field(web: Web, world: World) -> None:
    browser = await busy(web, world)
    page = await browser.get(f"{PAGE}?from=tomorrow&actor_id=%3Cb%3E")
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    assert "<b>" not in page.text


async def test_the_button_downloads_the_same_lines(web: Web, world: World) -> None:
    browser = await busy(web, world)
    file = await browser.get(f"{PAGE}/export?action=member.role_changed")
    assert (file.status_code, file.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    _, row = csv.reader(io.StringIO(file.text))
    assert row[4] == "member.role_changed"
    assert "This log was downloaded" in (await browser.get(PAGE)).text
    assert (await browser.get(f"{PAGE}/export?from=tomorrow")).status_code == 422


async def test_only_who_may_read_it_sees_it(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("manager@main.example")
    assert (await browser.get(PAGE)).status_code == 403
    assert (await browser.get(f"{PAGE}/export")).status_code == 403


async def test_many_lines_come_in_pages(web: Web, world: World) -> None:
    browser = await busy(web, world)
    world.execute(
        "INSERT INTO audit_events (organisation_id, id, at, actor_kind, actor_name, action, object_kind) "
        "SELECT %s, gen_random_uuid(), now(), 'system', '', 'thing.done', 'thing' FROM generate_series(1, 120)",
        world.main.id,
    )
    page = (await browser.get(f"{PAGE}?action=thing.done")).text
    assert "Page 1 of 3" in page
    assert f'href="{PAGE}?action=thing.done&amp;page=2"' in page
    assert "The system" in page
    assert "Page 3 of 3" in (await browser.get(f"{PAGE}?action=thing.done&page=3")).text
