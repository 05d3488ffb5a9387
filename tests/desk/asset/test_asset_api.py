"""Documents over HTTP: taken in, read, found again, changed, removed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from kamhub.desk.asset import uploads
from kamhub.desk.asset.types import MOST_BYTES
from kamhub.desk.asset.uploads import attachment, file_name
from kamhub.kit.ids import new_id
from tests.app.support import check_problem
from tests.asgi import Web
from tests.builders import Operator, World
from tests.desk.asset.support import Reading, work

TEXT = "Лыжи берём бесплатно.\nБагаж до 23 кг."


async def send(
    web: Web, operator: Operator, content: bytes | str = TEXT, name: str = "багаж.txt", **fields: str
) -> httpx.Response:
    data = content.encode() if isinstance(content, str) else content
    files = {"file": (name, data, "text/plain")}
    return await web.client.post("/api/assets", files=files, data=fields, headers=web.staff(operator))


async def taken_in(web: Web, operator: Operator, *args: Any, **fields: str) -> dict[str, Any]:
    reply = await send(web, operator, *args, **fields)
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


async def get(web: Web, operator: Operator, asset: dict[str, Any], more: str = "") -> httpx.Response:
    return await web.client.get(f"/api/assets/{asset['id']}{more}", headers=web.staff(operator))


def kept(data_dir: Path) -> list[Path]:
    return [path for path in (data_dir / "assets").rglob("*") if path.is_file()]


async def test_a_file_is_read_and_becomes_chunks_with_vectors(office: Web, world: World) -> None:
    made = await taken_in(office, world.main)
    assert (made["status"], made["progress"], made["name"], made["kind"]) == ("pending", 0, "багаж.txt", "file")
    assert made["size"] == len(TEXT.encode())
    await work(office.app.state.desk)
    reply = await get(office, world.main, made)
    read = reply.json()
    states = [read[name] for name in ("status", "progress", "stage", "error", "chunks", "language")]
    assert states == ["completed", 100, None, None, 2, "ru"]
    assert reply.headers["etag"]
    rows = world.rows(
        "SELECT c.text, c.title, v.model FROM chunks c JOIN chunk_vectors v ON v.chunk_id = c.id WHERE c.asset_id = %s "
        "ORDER BY c.ordinal",
        UUID(made["id"]),
    )
    assert rows == [(line, "багаж.txt", "tests") for line in TEXT.splitlines()]
    text = (await get(office, world.main, made, "/text?page_size=1&page=2")).json()
    assert text["total"] == 2
    assert [(block["block"], block["text"]) for block in text["items"]] == [(1, "Багаж до 23 кг.")]


async def test_the_same_file_twice_is_one(office: Web, world: World) -> None:
    made = await taken_in(office, world.main)
    again = await send(office, world.main, name="other.txt")
    assert again.status_code == 200
    assert again.json()["id"] == made["id"]
    assert again.json()["name"] == "багаж.txt"
    theirs = await taken_in(office, world.other)
    assert theirs["id"] != made["id"], "organisations never share"


async def test_two_uploads_of_the_same_file_at_once_are_one(office: Web, world: World) -> None:
    replies = await asyncio.gather(*(send(office, world.main) for _ in range(6)))
    assert sorted(reply.status_code for reply in replies) == [200] * 5 + [201]
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert world.rows("SELECT count(*) FROM assets") == [(1,)]
    assert world.rows("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'asset.process'") == [(1,)]


async def test_a_file_comes_back_as_it_was_and_only_to_be_saved(office: Web, world: World) -> None:
    content = b"<script>alert(1)</script>" * 30_000
    made = await taken_in(office, world.main, content, "страница.html")
    reply = await get(office, world.main, made, "/file")
    assert reply.content == content
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["content-disposition"].startswith("attachment; ")
    assert reply.headers["content-length"] == str(len(content))


async def test_what_is_too_large_is_refused_before_it_is_read(
    office: Web, world: World, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    form = office.staff(world.main) | {"Content-Type": "multipart/form-data; boundary=x"}
    announced = form | {"Content-Length": str(MOST_BYTES * 2)}
    check_problem(await office.client.post("/api/assets", content=b"", headers=announced), 413, "too_large")
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)
    check_problem(await send(office, world.main, b"x" * 1001), 413, "too_large")

    async def endless() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(10_000):
            yield b"x" * 100_000

    check_problem(await office.client.post("/api/assets", content=endless(), headers=form), 413, "too_large")
    assert world.rows("SELECT count(*) FROM assets") == [(0,)]
    assert kept(data_dir) == [], "nothing is kept of it"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("multipart/form-data", b"", 400, "body_unreadable"),
        ("multipart/form-data; boundary=x", b"", 400, "body_unreadable"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense", 400, "body_unreadable"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422, "input_invalid"),
        ("application/octet-stream", b"x", 415, "media_type_unsupported"),
        ("application/json", b"{", 400, "body_unreadable"),
        ("application/json", b"{}", 422, "input_invalid"),
        ("application/json", b'"' + b"x" * 1_000_001 + b'"', 413, "body_too_large"),
    ],
)
async def test_what_is_no_form_with_a_file_is_refused(
    office: Web, world: World, content_type: str, body: bytes, status: int, code: str
) -> None:
    headers = office.staff(world.main) | {"Content-Type": content_type}
    check_problem(await office.client.post("/api/assets", content=body, headers=headers), status, code)


async def test_a_form_brings_one_file_and_little_else(office: Web, world: World) -> None:
    async def refusal(*parts: tuple[str, tuple[str | None, bytes]]) -> list[str]:
        reply = await office.client.post("/api/assets", files=list(parts), headers=office.staff(world.main))
        return [error["code"] for error in reply.json().get("errors", [])] or [reply.json()["code"]]

    file = ("file", ("a.txt", b"x"))
    assert await refusal(file, file) == ["one_file"]
    assert await refusal(("file", ("a.txt", b""))) == ["empty"]
    assert await refusal(("file", (None, b"x"))) == ["missing"]
    assert await refusal(file, ("name", (None, b"x" * 3000))) == ["body_unreadable"]
    assert await refusal(file, ("stranger", (None, b"x"))) == ["extra_forbidden"]
    assert await refusal(file, ("category_id", (None, str(new_id()).encode()))) == ["category_not_found"]
    assert world.rows("SELECT count(*) FROM assets") == [(0,)]


async def test_a_document_that_cannot_be_read_says_why_and_can_be_read_again(
    office: Web, world: World, reading: Reading
) -> None:
    made = await taken_in(office, world.main, "BROKEN")
    await work(office.app.state.desk)
    failed = (await get(office, world.main, made)).json()
    assert (failed["status"], failed["error_code"]) == ("failed", "damaged")
    assert failed["error"].startswith("The file is damaged")
    assert failed["progress"] < 100
    assert world.rows("SELECT count(*) FROM dead_jobs") == [(0,)], "an end like any other"
    url = f"/api/assets/{made['id']}/retry"
    replies = await asyncio.gather(*(office.client.post(url, headers=office.staff(world.main)) for _ in range(4)))
    assert {reply.json()["status"] for reply in replies} == {"pending"}
    assert world.rows("SELECT run, error FROM assets") == [(2, None)], "one run, however often it is asked for"
    assert world.rows("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'asset.process'") == [(1,)]
    assert reading.read_count == 1
    await work(office.app.state.desk)
    assert reading.read_count == 2


async def test_the_list_narrows(office: Web, world: World) -> None:
    first = await taken_in(office, world.main)
    second = await taken_in(office, world.main, "BROKEN", "Prices.pdf")
    await taken_in(office, world.other, "theirs")
    await work(office.app.state.desk)

    async def listed(query: str) -> list[str]:
        reply = await office.client.get(f"/api/assets{query}", headers=office.staff(world.main))
        assert reply.json()["total"] == len(reply.json()["items"])
        return [item["id"] for item in reply.json()["items"]]

    assert await listed("") == [second["id"], first["id"]]
    assert await listed("?status=failed") == [second["id"]]
    assert await listed("?q=PRICES") == [second["id"]]
    assert await listed("?q=БАГ") == [first["id"]]
    assert await listed(f"?category_id={new_id()}") == []


async def test_a_new_name_and_category_reach_the_chunks(office: Web, world: World) -> None:
    made = await taken_in(office, world.main)
    await work(office.app.state.desk)
    category = new_id()
    world.execute(
        "INSERT INTO knowledge_categories (organisation_id, id, name, created_at) VALUES (%s, %s, 'x', now())",
        world.main.id, category,
    )  # fmt: skip
    url, headers = f"/api/assets/{made['id']}", office.staff(world.main)
    wanted = {"name": "Багаж", "category_id": str(category), "reread_hours": 5}
    reply = await office.client.patch(url, json=wanted, headers=headers)
    assert reply.status_code == 200, reply.text
    assert (reply.json()["name"], reply.json()["category_id"]) == ("Багаж", str(category))
    assert reply.json()["reread_hours"] is None, "a file is what it is"
    assert set(world.rows("SELECT title, category_id FROM chunks")) == {("Багаж", category)}
    stale = await office.client.patch(url, json={"name": "x"}, headers=headers | {"If-Match": '"1"'})
    check_problem(stale, 412, "version_stale")
    unknown = await office.client.patch(url, json={"category_id": str(new_id())}, headers=headers)
    check_problem(unknown, 404, "category_not_found")


async def test_a_removed_document_leaves_nothing(office: Web, world: World, data_dir: Path) -> None:
    made = await taken_in(office, world.main)
    await work(office.app.state.desk)
    assert len(kept(data_dir)) == 2, "the file and its text"
    reply = await office.client.delete(f"/api/assets/{made['id']}", headers=office.staff(world.main))
    assert reply.status_code == 204
    await work(office.app.state.desk)
    for table in ("assets", "chunks", "chunk_vectors"):
        assert world.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert kept(data_dir) == []
    check_problem(await get(office, world.main, made), 404, "asset_not_found")


async def test_a_file_that_another_organisation_has_as_well_stays_with_it(office: Web, world: World) -> None:
    mine, theirs = await taken_in(office, world.main), await taken_in(office, world.other)
    await work(office.app.state.desk)
    await office.client.delete(f"/api/assets/{mine['id']}", headers=office.staff(world.main))
    await work(office.app.state.desk)
    assert (await get(office, world.other, theirs, "/file")).text == TEXT
    assert (await get(office, world.other, theirs, "/text")).json()["total"] == 2


async def test_what_is_not_read_yet_has_no_text(office: Web, world: World) -> None:
    made = await taken_in(office, world.main)
    check_problem(await get(office, world.main, made, "/text"), 409, "asset_not_read")


@pytest.mark.parametrize("more", ["", "/file", "/text"])
async def test_another_organisations_document_is_not_there(office: Web, world: World, more: str) -> None:
    theirs = await taken_in(office, world.other)
    check_problem(await get(office, world.main, theirs, more), 404, "asset_not_found")


async def test_who_may_read_and_who_may_write(office: Web, world: World) -> None:
    made = await taken_in(office, world.main)
    url = f"/api/assets/{made['id']}"
    expected = {"viewer": (200, 403), "dispatcher": (200, 403), "driver": (403, 403), "manager": (200, 200)}
    for role, statuses in expected.items():
        headers = office.staff(world.main, role)  # type: ignore[arg-type]
        replies = (
            await office.client.get(url, headers=headers),
            await office.client.post(f"{url}/retry", headers=headers),
        )
        assert tuple(reply.status_code for reply in replies) == statuses, role


async def test_it_is_written_down(office: Web, world: World) -> None:
    made = await taken_in(office, world.main)
    headers, url = office.staff(world.main), f"/api/assets/{made['id']}"
    await work(office.app.state.desk)
    await office.client.patch(url, json={"name": "Новое"}, headers=headers)
    await office.client.post(f"{url}/retry", headers=headers)
    await office.client.delete(url, headers=headers)
    lines = world.rows("SELECT action, object_id FROM audit_events WHERE object_kind = 'asset' ORDER BY at, id")
    assert lines == [(f"asset.{what}", made["id"]) for what in ("added", "changed", "retried", "removed")]


async def test_where_files_cannot_be_kept_that_is_said(office: Web, world: World, data_dir: Path) -> None:
    (data_dir / "assets").write_text("in the way")
    reply = await send(office, world.main)
    check_problem(reply, 503, "files_unavailable")
    assert reply.headers["retry-after"] == "10"


def test_names_of_files_are_tamed() -> None:
    assert file_name("C:\\docs\\прайс.pdf") == "прайс.pdf"
    assert file_name("/etc/passwd") == "passwd"
    assert file_name("/") == "file"
    assert len(file_name("я" * 900)) == 300
    assert attachment('a"b\r\n.pdf') == "attachment; filename=\"a_b__.pdf\"; filename*=UTF-8''a%22b%0D%0A.pdf"
