"""The pages of documents in a browser without a script."""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import pytest

from kamhub.desk.asset import page_uploads
from kamhub.desk.services import Desk
from kamhub.kit.ids import new_id
from tests.asgi import Web
from tests.builders import World
from tests.desk.asset.support import work
from tests.platform.session.support import Browser

PAGE = "/office/knowledge/assets"
RULES = "Правила\nЛыжи берём бесплатно\nСобак не берём"


async def post(browser: Browser, path: str, **fields: object) -> httpx.Response:
    return await browser.client.post(path, data={"csrf_token": browser.csrf, **fields})


def version_of(page: httpx.Response) -> str:
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found is not None
    return found[1]


async def rename(browser: Browser, path: str, **fields: str) -> httpx.Response:
    return await post(browser, path, version=version_of(await browser.get(path)), **fields)


async def upload(browser: Browser, *files: tuple[str, bytes], **fields: str) -> httpx.Response:
    sent = [("file", (name, content, "text/plain")) for name, content in files]
    return await browser.client.post(PAGE, data={"csrf_token": browser.csrf, **fields}, files=sent)


async def signed_in(web: Web, role: str = "manager") -> Browser:
    return await Browser(web).signed_in(f"{role}@main.example")


def address(world: World, name: str) -> str:
    [[asset_id]] = world.rows("SELECT id FROM assets WHERE name = %s", name)
    return f"{PAGE}/{asset_id}"


def chunk(world: World, page: str) -> UUID:
    """The last one of that document."""
    [[chunk_id]] = world.rows(
        "SELECT id FROM chunks WHERE asset_id = %s ORDER BY ordinal DESC LIMIT 1", page[len(PAGE) + 1 :]
    )
    return UUID(str(chunk_id))


async def test_several_files_are_taken_in_read_and_shown(office: Web, desk: Desk, world: World) -> None:
    browser = await signed_in(office)
    assert "No document yet." in (await browser.get(PAGE)).text
    assert 'enctype="multipart/form-data"' in (await browser.get(f"{PAGE}/new")).text
    taken = await upload(browser, ("rules.txt", RULES.encode()), ("kids.txt", "Детям нужны кресла".encode()))
    assert taken.headers["location"] == f"{PAGE}?done=added"
    listed = (await browser.get(taken.headers["location"])).text
    assert "Reading has begun" in listed
    assert listed.count("Waiting for its turn") == 2
    own = address(world, "rules.txt")
    assert "It is not read yet." in (await browser.get(own)).text
    await work(desk)
    page = (await browser.get(own)).text
    assert "can be found" in page
    assert "Собак не берём" in page
    row = (await browser.get(f"{own}/row")).text
    assert re.match(r'\s*<li [^>]*data-live="', row)
    assert "Waiting" not in row
    assert re.match(r'\s*<section [^>]*data-live="', (await browser.get(f"{own}/standing")).text)


async def test_what_is_refused_is_said_of_each_file(office: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await signed_in(office)
    monkeypatch.setattr(page_uploads, "MOST_BYTES", 100)
    reply = await upload(browser, ("big.txt", b"x" * 200), ("none.txt", b""), ("good.txt", RULES[:30].encode()))
    assert reply.status_code == 422
    for said in (
        "big.txt",
        "The file is too large: at most 50 MB.",
        "none.txt",
        "The file is empty.",
        "2 files were not",
        "1 other",
    ):
        assert said in reply.text, said
    assert world.rows("SELECT name FROM assets") == [("good.txt",)]
    for files in ((), (("", b""),)):
        nothing = await upload(browser, *files) if files else await post(browser, PAGE)
        assert (nothing.status_code, "Choose at least one file." in nothing.text) == (422, True)
    for _ in range(2):  # a new file, and one that is there already
        lost = await upload(browser, ("a.txt", b"a"), category_id=str(world.main.id))
        assert (lost.status_code, "There is no such category." in lost.text) == (422, True)
        await upload(browser, ("a.txt", b"a"))
    assert (await upload(browser, ("a.txt", b"a"), category_id="x")).status_code == 422


async def test_a_file_that_cannot_be_read_says_why_and_is_tried_again(office: Web, desk: Desk, world: World) -> None:
    browser = await signed_in(office)
    await upload(browser, ("broken.txt", b"BROKEN"))
    own = address(world, "broken.txt")
    for _ in range(2):
        await work(desk)
        page = (await browser.get(own)).text
        assert "The file is damaged or incomplete." in page
        assert "could not be read" in page
        again = await post(browser, f"{own}/retry")
        assert again.headers["location"] == f"{own}?done=again"
        assert "It is being read again." in (await browser.get(again.headers["location"])).text


async def test_an_address_is_taken_in_once(office: Web, world: World) -> None:
    browser = await signed_in(office)
    url = "https://rules.example/luggage"
    added = await post(browser, f"{PAGE}/url", url=url, reread_hours="24")
    assert added.headers["location"].endswith("?done=added")
    page = (await browser.get(added.headers["location"])).text
    assert "every 1 day" in page
    assert f'href="{url}"' in page
    known = await post(browser, f"{PAGE}/url", url=url)
    assert "among your documents already" in (await browser.get(known.headers["location"])).text
    lost = await post(browser, f"{PAGE}/url", url=url, category_id=str(world.main.id))
    assert (lost.status_code, "There is no such category." in lost.text) == (422, True)
    for fields in ({"url": "ftp://rules.example/x"}, {"url": ""}, {"url": url + "2", "reread_hours": "no"}):
        wrong = await post(browser, f"{PAGE}/url", **fields)
        assert (wrong.status_code, wrong.text.count('class="error"')) == (422, 1), fields


async def test_a_document_is_renamed_filed_and_removed(office: Web, desk: Desk, world: World) -> None:
    browser, category = await signed_in(office), new_id()
    world.execute(
        "INSERT INTO knowledge_categories (organisation_id, id, name, created_at) VALUES (%s, %s, 'Багаж', now())",
        world.main.id, category,
    )  # fmt: skip
    await upload(browser, ("rules.txt", RULES.encode()))
    await work(desk)
    own = address(world, "rules.txt")
    changed = await rename(browser, own, name="Правила багажа", category_id=str(category))
    assert changed.headers["location"] == f"{own}?done=changed"
    listed = (await browser.get(f"{PAGE}?category_id={category}&q=багаж&status=completed")).text
    assert "Правила багажа" in listed
    assert world.rows("SELECT DISTINCT title, category_id FROM chunks") == [("Правила багажа", category)]
    wrong = await rename(browser, own, name="", category_id="")
    assert (wrong.status_code, wrong.text.count('class="error"')) == (422, 1)
    assert (await rename(browser, own, name="x", category_id=str(world.main.id))).status_code == 422
    assert "Nothing fits these filters." in (await browser.get(f"{PAGE}?q=нет")).text
    assert (await browser.get(f"{PAGE}?status=lost")).status_code == 422
    gone = await post(browser, f"{own}/remove")
    assert gone.headers["location"] == f"{PAGE}?done=removed"
    assert world.rows("SELECT count(*) FROM chunks") == [(0,)]
    assert (await browser.get(own)).status_code == 404


async def test_of_two_who_rename_a_document_the_later_one_is_told(office: Web, desk: Desk, world: World) -> None:
    first, second = await signed_in(office), await signed_in(office, "owner")
    await upload(first, ("rules.txt", RULES.encode()))
    own = address(world, "rules.txt")
    before = version_of(await second.get(own))
    await work(desk)
    assert (await rename(first, own, name="Правила багажа")).status_code == 303, "a run outdates no page"
    late = await post(second, own, name="Багаж", version=before)
    assert (late.status_code, 'value="Багаж"' in late.text) == (412, True)
    assert "Somebody has changed this since you opened it" in late.text
    assert version_of(late) == before, "to be looked at again, not to be pressed again"
    assert (await post(second, own, name="Багаж")).status_code == 412
    assert (await rename(second, own, name="Багаж")).status_code == 303
    assert world.rows("SELECT name FROM assets") == [("Багаж",)]


async def test_a_citation_opens_the_document_at_its_place(office: Web, desk: Desk, world: World) -> None:
    browser = await signed_in(office)
    await upload(browser, ("rules.txt", RULES.encode()))
    await work(desk)
    own = address(world, "rules.txt")
    page = (await browser.get(f"{own}?chunk={chunk(world, own)}")).text
    assert re.search(r'id="place" data-marked tabindex="-1">.*?Собак не берём', page, re.DOTALL)
    assert page.count("data-marked") == 1
    assert "This place has changed" in (await browser.get(f"{own}?chunk={new_id()}")).text
    assert (await browser.get(f"{own}?chunk=x&at=many")).status_code == 200
    world.execute("UPDATE assets SET text_digest = sha256('lost')")
    assert "It is not read yet." in (await browser.get(own)).text


async def test_who_only_reads_changes_nothing(office: Web, desk: Desk, world: World) -> None:
    await upload(await signed_in(office), ("broken.txt", b"BROKEN"))
    await work(desk)
    own, reader = address(world, "broken.txt"), await signed_in(office, "viewer")
    page = await reader.get(own)
    assert (page.status_code, "/retry" in page.text, "Remove" in page.text) == (200, False, False)
    assert (await reader.get(f"{PAGE}/new")).status_code == 403
    for path in (PAGE, f"{PAGE}/url", own, f"{own}/retry", f"{own}/remove"):
        assert (await post(reader, path, url="https://a.example", name="x")).status_code == 403, path
    stranger = await Browser(office).signed_in("manager@other.example")
    for path in (own, f"{own}/row", f"{own}/standing"):
        assert (await stranger.get(path)).status_code == 404, path


@pytest.mark.parametrize(
    ("content_type", "text"),
    [("text/plain", b"a\xffb"), ("text/plain; charset=klingon", b"a")],
    ids=["bytes", "charset"],
)
async def test_a_field_that_is_no_text_is_refused(office: Web, world: World, content_type: str, text: bytes) -> None:
    browser = await signed_in(office)
    body = (
        f'--x\r\nContent-Disposition: form-data; name="category_id"\r\nContent-Type: {content_type}\r\n\r\n'.encode()
        + text
        + b"\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = await browser.client.post(PAGE, content=body, headers=headers)
    assert (reply.status_code, world.rows("SELECT count(*) FROM assets")) == (400, [(0,)])
