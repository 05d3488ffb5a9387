"""Messages over HTTP: the log, own words, settings, and the operator's bot."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from kamhub.hub.notice import rules
from kamhub.hub.notice.telegram import booking_of, start_token
from kamhub.kit.clock import ManualClock
from kamhub.platform.job.types import DONE, GiveUp, TryAgain
from kamhub.platform.mail.types import MailRefused
from kamhub.platform.outbound.types import NotReached
from tests.asgi import Web
from tests.builders import World
from tests.hub.notice.messengers import Messengers, Reply, telegram_says
from tests.hub.notice.support import (
    BOT_TOKEN,
    CHAT,
    SMS_KEY,
    Context,
    booked,
    confirmed,
    send_all,
    tell,
    with_chat,
    with_ways,
)

HELD = {"kind": "held", "channel": "email", "locale": "en"}
OWN = {**HELD, "subject": "Dear {name}", "body": "Pay {total} by {pay_url}"}
EVERYWHERE = ("owner", "admin", "manager")


@pytest.fixture
def context(web: Web, services: Messengers) -> Context:
    return Context.of(web.hub, services.url)


async def fetch(web: Web, world: World, path: str, role: Any = "owner", operator: Any = None) -> Any:
    reply = await web.client.get(path, headers=web.staff(operator or world.other, role))
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_the_log_is_filtered_and_told_as_a_file(context: Context, web: Web, world: World) -> None:
    held = await confirmed(web.hub, world)
    await tell(web.hub, held, "changed")
    await tell(web.hub, held, "moved")
    await send_all(context)
    await tell(web.hub, held, "changed", occasion="again")
    found = await fetch(web, world, "/api/messages")
    assert found["total"] == 3
    assert [(one["kind"], one["status"]) for one in found["items"]] == [
        ("changed", "waiting"), ("moved", "sent"), ("changed", "sent"),
    ]  # fmt: skip
    assert found["items"][0]["booking_code"] == held.booking.code
    assert found["items"][0]["recipient"] == "anna@example.org"
    code = held.booking.code
    for query, number in (
        ("status=sent", 2), ("status=waiting", 1), ("status=failed", 0), ("kind=moved", 1), ("channel=sms", 0),
        (f"booking={code.lower()}", 3), (f"booking={held.booking.id}", 3), ("booking=NOSUCH22", 0),
        ("status=sent&kind=changed&channel=email", 1), ("status=&kind=&channel=&booking=", 3), ("page_size=2", 3),
    ):  # fmt: skip
        assert (await fetch(web, world, f"/api/messages?{query}"))["total"] == number, query
    assert (await fetch(web, world, "/api/messages", operator=world.main))["total"] == 0
    reply = await web.client.get("/api/messages", headers={**web.staff(world.other), "Accept": "text/csv"})
    lines = reply.text.splitlines()
    assert lines[0].endswith("id,created_at,booking,kind,channel,locale,recipient,status,sent_at,failed_at")
    assert len(lines) == 4
    refused = await web.client.get("/api/messages?status=nonsense", headers=web.staff(world.other))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "status")


async def test_one_message_says_what_it_said_or_would_say(context: Context, web: Web, world: World) -> None:
    held = await confirmed(web.hub, world)
    await tell(web.hub, held, "changed", facts={"vehicle": "Toyota HiAce, A123BC"})
    [waiting] = (await fetch(web, world, "/api/messages"))["items"]
    one = await fetch(web, world, f"/api/messages/{waiting['id']}")
    assert "The vehicle is Toyota HiAce, A123BC now." in one["text"]
    assert one["attempts"] == []
    await send_all(context)
    sent = await fetch(web, world, f"/api/messages/{waiting['id']}", "viewer")
    assert sent["text"] == one["text"]
    assert "token=" not in sent["text"]
    assert [one["outcome"] for one in sent["attempts"]] == ["sent"]
    for operator, number in ((world.main, waiting["id"]), (world.other, uuid4())):
        reply = await web.client.get(f"/api/messages/{number}", headers=web.staff(operator))
        assert (reply.status_code, reply.json()["code"]) == (404, "message_not_found")


async def test_a_message_is_sent_once_more_to_the_contact_of_today(context: Context, web: Web, world: World) -> None:
    held = await confirmed(web.hub, world)
    await tell(web.hub, held, "changed")
    [first] = (await fetch(web, world, "/api/messages"))["items"]
    path = f"/api/messages/{first['id']}/resend"
    staff = web.staff(world.other, "manager")
    reply = await web.client.post(path, headers=staff)
    assert (reply.status_code, reply.json()["code"]) == (409, "message_waits")
    context.mail.failure = MailRefused("no such mailbox")
    await send_all(context)
    context.mail.failure = None
    world.execute("DELETE FROM procrastinate_jobs")
    world.execute("UPDATE bookings SET contact_email = 'right@example.org' WHERE id = %s", held.booking.id)
    for _ in range(2):
        reply = await web.client.post(path, headers=staff)
        assert reply.status_code == 201
    await send_all(context)
    assert [mail.recipient for mail in context.mail.mails] == ["right@example.org"] * 2
    assert await web.client.post(path, headers=web.staff(world.other, "dispatcher")) is not None
    world.execute("UPDATE bookings SET status = 'cancelled' WHERE id = %s", held.booking.id)
    reply = await web.client.post(path, headers=staff)
    assert (reply.status_code, reply.json()["code"]) == (409, "message_overtaken")
    missing = await web.client.post(f"/api/messages/{uuid4()}/resend", headers=staff)
    assert missing.status_code == 404
    theirs = await web.client.post(path, headers=web.staff(world.main))
    assert theirs.status_code == 404


async def test_a_chat_that_is_gone_gets_nothing_once_more(
    context: Context, web: Web, world: World, services: Messengers
) -> None:
    held = await confirmed(web.hub, world)
    with_ways(web.hub, world, world.other, telegram=True)
    with_chat(world, held)
    await tell(web.hub, held, "changed")
    await send_all(context)
    [(number,)] = world.rows("SELECT id FROM messages WHERE channel = 'telegram'")
    reply = await web.client.post(f"/api/messages/{number}/resend", headers=web.staff(world.other))
    assert reply.status_code == 201
    await send_all(context)
    assert len(services.of("/sendMessage")) == 2
    world.execute("DELETE FROM telegram_chats")
    reply = await web.client.post(f"/api/messages/{number}/resend", headers=web.staff(world.other))
    assert (reply.status_code, reply.json()["code"]) == (409, "message_overtaken")


async def test_own_words_are_written_changed_and_taken_back(web: Web, world: World) -> None:
    staff = web.staff(world.other, "manager")
    path = "/api/message-templates"
    all_of_them = await fetch(web, world, path)
    assert all_of_them["total"] == len(all_of_them["items"]) == 14 * 3 * 2
    assert all_of_them["placeholders"] == list(rules.PLACEHOLDERS)
    query = "?kind=held&channel=email&locale=en"
    product = await web.client.get(path + query, headers=staff)
    assert product.headers["etag"] == '"0"'
    [words] = product.json()["items"]
    assert (words["own"], words["subject"]) == (False, "Your seats are held")
    made = await web.client.patch(path, json=OWN, headers={**staff, "If-Match": '"0"'})
    assert (made.status_code, made.headers["etag"], made.json()["own"]) == (200, '"1"', True)
    stale = await web.client.patch(path, json={**OWN, "body": "{nonsense}"}, headers={**staff, "If-Match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    again = await web.client.patch(path, json={**OWN, "subject": "Hi {name}"}, headers=staff)
    assert again.headers["etag"] == '"2"'
    assert (await fetch(web, world, path + query))["items"][0]["subject"] == "Hi {name}"
    assert (await fetch(web, world, path + query, operator=world.main))["items"][0]["own"] is False
    stale = await web.client.delete(path + query, headers={**staff, "If-Match": '"1"'})
    assert stale.status_code == 412
    gone = await web.client.delete(path + query, headers={**staff, "If-Match": '"2"'})
    assert gone.status_code == 204
    twice = await web.client.request("DELETE", path, json=HELD, headers=staff)
    assert (twice.status_code, twice.json()["code"]) == (404, "template_not_found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"body": "Hello {nobody}"}, "body"),
        ({"body": "Hello {name.__class__}"}, "body"),
        ({"body": "a brace { alone"}, "body"),
        ({"subject": "{0}"}, "subject"),
        ({"subject": ""}, "subject"),
        ({"body": "x" * 4001}, "body"),
        ({"kind": "nonsense"}, "kind"),
        ({"locale": "de"}, "locale"),
    ],
)
async def test_words_that_cannot_be_filled_are_refused(
    web: Web, world: World, change: dict[str, str], field: str
) -> None:
    reply = await web.client.patch("/api/message-templates", json={**OWN, **change}, headers=web.staff(world.other))
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == field


async def test_words_are_looked_at_before_they_go_out(web: Web, world: World) -> None:
    held = await booked(web.hub, world)
    staff = web.staff(world.other, "viewer")
    path = "/api/message-templates/preview"
    own = {**HELD, "subject": "Dear {name}", "body": "{code}: {route}"}
    sample = (await web.client.post(path, json=own, headers=staff)).json()
    assert (sample["subject"], "7KQ4MZ2X: Yelizovo Airport" in sample["text"]) == ("Dear Анна Ёлкина", True)
    assert "<h1" in sample["html"]
    real = (await web.client.post(path, json={**own, "booking": held.booking.code.lower()}, headers=staff)).json()
    assert f"{held.booking.code}: Airport → Springs" in real["text"]
    half = (await web.client.post(path, json={**HELD, "subject": "Only this"}, headers=staff)).json()
    assert half["subject"] == "Only this"
    assert "kept for you until" in half["text"]
    for channel in ("sms", "telegram"):
        asked = {"kind": "moved", "channel": channel, "locale": "ru"}
        shown = (await web.client.post(path, json=asked, headers=staff)).json()
        assert (shown["html"] is None) is (channel == "sms")
    unknown = await web.client.post(path, json={**own, "booking": "NOSUCH22"}, headers=staff)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "booking_not_found")
    theirs = await web.client.post(path, json={**own, "booking": held.booking.code}, headers=web.staff(world.main))
    assert theirs.status_code == 404


async def test_settings_keep_their_secrets(web: Web, world: World) -> None:
    staff = web.staff(world.other, "manager")
    path = "/api/notice-settings"
    before = await web.client.get(path, headers=staff)
    assert before.headers["etag"] == '"0"'
    body = {
        "sender_name": "Вулкан Тур", "reply_to": "Help@Volcano.example", "quiet_from": "22:00", "quiet_to": "08:00",
        "telegram_token": BOT_TOKEN, "sms_provider": "sms_ru", "sms_key": SMS_KEY, "sms_sender": "Volcano", "reviews": False,
    }  # fmt: skip
    made = await web.client.patch(path, json=body, headers={**staff, "If-Match": '"0"'})
    assert made.status_code == 200, made.text
    found = made.json()
    assert found | {"version": 1} == found
    assert (found["quiet_from"], found["quiet_to"], found["reviews"]) == ("22:00", "08:00", False)
    assert (found["has_telegram"], found["has_sms_key"], found["telegram_bot"]) == (True, True, None)
    audit = world.rows("SELECT before::text, after::text FROM audit_events WHERE action = 'notice_settings.changed'")
    for seen in (made.text, str(audit), str(world.rows("SELECT args FROM procrastinate_jobs"))):
        assert BOT_TOKEN not in seen
        assert SMS_KEY not in seen
    assert "sms" in str(audit)
    stored = world.rows("SELECT telegram_token, sms_key FROM notice_settings")[0]
    assert [web.keys.decrypt(bytes(secret)) for secret in stored if isinstance(secret, bytes)] == [BOT_TOKEN, SMS_KEY]
    stale = await web.client.patch(path, json={"reply_to": "nonsense"}, headers={**staff, "If-Match": '"0"'})
    assert stale.status_code == 412
    kept = (await web.client.patch(path, json={"sms_sender": None}, headers=staff)).json()
    assert (kept["has_telegram"], kept["has_sms_key"], kept["sms_sender"]) == (True, True, None)
    gone = (await web.client.patch(path, json={"telegram_token": None, "sms_key": None}, headers=staff)).json()
    assert (gone["has_telegram"], gone["has_sms_key"]) == (False, False)
    assert (await fetch(web, world, path, operator=world.main))["sender_name"] is None
    assert (await web.client.patch(path, json={}, headers=web.staff(world.other, "dispatcher"))).status_code == 403
    assert (await web.client.patch(path, json={}, headers=staff)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"quiet_from": "22:00"},
        {"quiet_from": "22:00", "quiet_to": "22:00"},
        {"quiet_from": "25:00", "quiet_to": "08:00"},
        {"telegram_token": "nonsense"},
        {"sms_key": SMS_KEY},
        {"sms_sender": "Камчатка"},
        {"reply_to": "nobody"},
        {"sender_name": "Visit https://evil.example"},
        {"unknown": 1},
    ],
)
async def test_settings_that_make_no_sense_are_refused(web: Web, world: World, body: dict[str, object]) -> None:
    reply = await web.client.patch("/api/notice-settings", json=body, headers=web.staff(world.other))
    assert reply.status_code == 422
    assert BOT_TOKEN not in reply.text
    assert SMS_KEY not in reply.text


async def with_bot(context: Context, web: Web, world: World) -> tuple[str, str]:
    """The operator has saved a token and the job has run: address and secret of the bot's calls."""
    staff = web.staff(world.other)
    await web.client.patch("/api/notice-settings", json={"telegram_token": BOT_TOKEN}, headers=staff)
    assert await send_all(context) == [DONE]
    [(channel, secret)] = world.rows("SELECT telegram_channel_id, telegram_webhook_secret FROM notice_settings")
    assert isinstance(secret, bytes)
    return f"/api/webhooks/telegram/{channel}", web.keys.decrypt(secret)


async def test_a_bot_is_made_known_and_named(context: Context, web: Web, world: World, services: Messengers) -> None:
    path, secret = await with_bot(context, web, world)
    [asked] = services.of("/setWebhook")
    assert asked["url"] == f"http://hub.test{path}"
    assert asked["secret_token"] == secret
    assert asked["allowed_updates"] == ["message", "my_chat_member"]
    assert (await fetch(web, world, "/api/notice-settings"))["telegram_bot"] == "kamchatka_bot"


@pytest.mark.parametrize(
    ("told", "end", "error"),
    [
        ([telegram_says(401, "Unauthorized")], GiveUp, "Unauthorized"),
        ([Reply(200, {"ok": True, "result": {}})], GiveUp, "the bot has no name"),
        ([telegram_says(429, "Too Many Requests", retry_after=5)], TryAgain, None),
        ([Reply(502)], NotReached, "Telegram answered 502"),
    ],
)
async def test_a_bot_that_telegram_does_not_take_says_so(
    context: Context, web: Web, world: World, services: Messengers, told: list[Any], end: type, error: str | None
) -> None:
    await web.client.patch("/api/notice-settings", json={"telegram_token": BOT_TOKEN}, headers=web.staff(world.other))
    services.told = told
    if end is NotReached:
        with pytest.raises(NotReached):
            await send_all(context)
    else:
        [ended] = await send_all(context)
        assert isinstance(ended, end)
    found = await fetch(web, world, "/api/notice-settings")
    assert (found["telegram_bot"], found["telegram_error"]) == (None, error)


async def test_a_bot_taken_away_meanwhile_is_nobodys_business(context: Context, web: Web, world: World) -> None:
    await web.client.patch("/api/notice-settings", json={"telegram_token": BOT_TOKEN}, headers=web.staff(world.other))
    await web.client.patch("/api/notice-settings", json={"telegram_token": None}, headers=web.staff(world.other))
    assert await send_all(context) == [DONE]


def start(token: str, chat: int = CHAT, language: str = "en") -> dict[str, Any]:
    sender = {"id": chat, "is_bot": False, "first_name": "A", "language_code": language}
    message = {"message_id": 1, "date": 1, "chat": {"id": chat, "type": "private"}, "from": sender, "text": token}
    return {"update_id": 1, "message": message}


async def test_a_traveller_links_a_chat_and_ends_it(context: Context, web: Web, world: World) -> None:
    held = await confirmed(web.hub, world)
    path, secret = await with_bot(context, web, world)
    header = {"X-Telegram-Bot-Api-Secret-Token": secret}
    token = start_token(web.keys, world.other.id, held.booking.id)
    assert len(token) <= 64
    for _ in range(2):  # told twice
        reply = await web.client.post(path, json=start(f"/start {token}"), headers=header)
        assert reply.status_code == 200
        assert reply.json()["method"] == "sendMessage"
        assert reply.json()["chat_id"] == CHAT
        assert held.booking.code in reply.json()["text"]
    assert world.rows("SELECT booking_id, chat_id FROM telegram_chats") == [(held.booking.id, CHAT)]
    reply = await web.client.post(path, json=start("/stop", language="ru"), headers=header)
    assert world.rows("SELECT count(*) FROM telegram_chats") == [(0,)]
    with_chat(world, held)
    left = {"chat": {"id": CHAT, "type": "private"}, "new_chat_member": {"status": "kicked"}}
    reply = await web.client.post(path, json={"update_id": 2, "my_chat_member": left}, headers=header)
    assert reply.json() == {}
    assert world.rows("SELECT count(*) FROM telegram_chats") == [(0,)]
    with_chat(world, held)
    left["new_chat_member"] = {"status": "member"}
    await web.client.post(path, json={"update_id": 3, "my_chat_member": left}, headers=header)
    assert world.rows("SELECT count(*) FROM telegram_chats") == [(1,)]


async def test_a_link_of_another_operator_or_booking_opens_nothing(context: Context, web: Web, world: World) -> None:
    held = await confirmed(web.hub, world)
    path, secret = await with_bot(context, web, world)
    header = {"X-Telegram-Bot-Api-Secret-Token": secret}
    foreign = start_token(web.keys, world.main.id, held.booking.id)
    unknown = start_token(web.keys, world.other.id, UUID(int=7))
    for token in (foreign, unknown, "", "nonsense", "кириллица", foreign[:-1]):
        reply = await web.client.post(path, json=start(f"/start {token}"), headers=header)
        assert "page of your booking" in reply.json()["text"]
    assert world.rows("SELECT count(*) FROM telegram_chats") == [(0,)]
    said = (await web.client.post(path, json=start("hello"), headers=header)).json()["text"]
    assert "only brings news" in said
    group = start(f"/start {start_token(web.keys, world.other.id, held.booking.id)}", -100)
    group["message"]["chat"]["type"] = "group"
    assert (await web.client.post(path, json=group, headers=header)).json() == {}
    assert (await web.client.post(path, json={"update_id": 9}, headers=header)).json() == {}
    assert (await web.client.post(path, json={}, headers=header)).status_code == 422


async def test_nobody_speaks_for_a_bot_without_its_secret(context: Context, web: Web, world: World) -> None:
    path, secret = await with_bot(context, web, world)
    for address, given in ((path, ""), (path, secret[:-1]), (path, "ё"), (f"/api/webhooks/telegram/{uuid4()}", secret)):
        headers = [(b"X-Telegram-Bot-Api-Secret-Token", given.encode())]
        reply = await web.client.post(address, content=b"not json", headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (401, "bot_unknown")
    await web.client.patch("/api/notice-settings", json={"telegram_token": BOT_TOKEN}, headers=web.staff(world.other))
    reply = await web.client.post(path, json={}, headers={"X-Telegram-Bot-Api-Secret-Token": secret})
    assert reply.status_code == 401, "a new token has a new address and secret"


def test_a_link_holds_for_its_operator_alone(keys: Any) -> None:
    booking = UUID(int=3)
    token = start_token(keys, UUID(int=1), booking)
    assert booking_of(keys, UUID(int=1), token) == booking
    assert booking_of(keys, UUID(int=2), token) is None


@pytest.mark.parametrize("role", ["dispatcher", "viewer", "driver"])
async def test_who_may_only_read_changes_nothing(web: Web, world: World, clock: ManualClock, role: Any) -> None:
    staff = web.staff(world.other, role)
    assert clock.now()
    for method, path, body in (
        ("PATCH", "/api/message-templates", OWN),
        ("DELETE", "/api/message-templates", HELD),
        ("PATCH", "/api/notice-settings", {}),
        ("POST", f"/api/messages/{uuid4()}/resend", None),
    ):
        reply = await web.client.request(method, path, json=body, headers=staff)
        assert reply.status_code == 403, path
