"""The guarded client against a real server on this machine."""

from __future__ import annotations

import pytest

from kamhub.platform.outbound.client import MOST_BYTES, OutboundClient
from kamhub.platform.outbound.types import Answer, AnswerLost, NotReached
from tests.hub.notice.messengers import HANG_UP, SLOW, Messengers, Reply, messengers

SECRET = "a-secret-in-the-path"


async def ask(services: Messengers, *told: Reply | str) -> Answer:
    services.told = list(told)
    async with OutboundClient(f"{services.url}/", timeout_seconds=0.5) as client:
        return await client.post(f"/{SECRET}", content={"a": 1})


async def test_json_and_forms_are_sent() -> None:
    async with messengers() as services, OutboundClient(services.url) as client:
        assert (await client.post("/one", content={"text": "Ё"})).body == {"ok": True, "result": {}}
        assert (await client.post("/two", data={"text": "Ё"})).status == 200
        assert [call.content for call in services.calls] == [{"text": "Ё"}, {"text": "Ё"}]


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    async with messengers() as services:
        answer = await ask(services, Reply(302, headers=f"Location: {services.url}/elsewhere\r\n"))
        assert answer.status == 302
        assert len(services.calls) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1, 2]", b'"text"', b"\xff"])
async def test_what_is_no_object_is_an_empty_one(body: bytes) -> None:
    async with messengers() as services:
        assert await ask(services, Reply(500, body)) == Answer(500, {})


@pytest.mark.parametrize("told", [SLOW, HANG_UP, Reply(200, b"x" * (MOST_BYTES + 1))])
async def test_an_answer_that_does_not_come_is_lost(told: Reply | str) -> None:
    async with messengers() as services:
        with pytest.raises(AnswerLost) as lost:
            await ask(services, told)
        assert SECRET not in repr(lost.value)
        assert lost.value.__cause__ is None
        assert str(lost.value).startswith("127.0.0.1:")


async def test_nobody_at_that_address_is_told_apart() -> None:
    async with OutboundClient("http://user:password@127.0.0.1:9") as client:
        with pytest.raises(NotReached) as away:
            await client.post(f"/{SECRET}")
    assert str(away.value) == "127.0.0.1:9: ConnectError"


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with messengers() as services:
        assert (await ask(services)).status == 200
