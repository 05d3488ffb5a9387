"""The pages of messages: the log, own words, settings, and how a traveller is told."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from kamhub.hub.booking.actions import HeldBooking, cookie_name
from kamhub.hub.notice.telegram import start_token
from kamhub.platform.mail.types import MailRefused
from tests.asgi import Web
from tests.builders import World
from tests.hub.notice.messengers import Messengers
from tests.hub.notice.support import (
    BOT_TOKEN,
    SMS_KEY,
    Context,
    booked,
    confirmed,
    send_all,
    tell,
    with_chat,
    with_ways,
)

TEMPLATES = "/office/messages/templates"
EDIT = f"{TEMPLATES}/edit"
KEY = {"kind": "held", "channel": "email", "locale": "en"}
QUERY = "?kind=held&channel=email&locale=en"


@pytest.fixture
def context(web: Web, services: Messengers) -> Context:
    return Context.of(web.hub, services.url)


def form(web: Web, world: World, role: Any = "manager") -> dict[str, str]:
    """Somebody of the operator's people at a form."""
    csrf = web.app.state.csrf.issue()
    return {
        **web.staff(world.other, role),
        "Accept-Language": "en",
        "Cookie": f"csrf_token={csrf}",
        "X-CSRF-Token": csrf,
    }


async def test_the_log_shows_what_was_told(context: Context, web: Web, world: World) -> None:
    staff = form(web, world)
    assert (
        "The first booking brings the first message" in (await web.client.get("/office/messages", headers=staff)).text
    )
    held = await confirmed(web.hub, world)
    await tell(web.hub, held, "changed", facts={"reason": "The <pass> is closed"})
    page = await web.client.get("/office/messages?status=waiting", headers=staff)
    assert page.status_code == 200
    assert held.booking.code in page.text
    assert "The trip has changed" in page.text
    none = await web.client.get("/office/messages?kind=moved", headers=staff)
    assert "Nothing fits these filters." in none.text
    assert (await web.client.get("/office/messages?kind=nonsense", headers=staff)).status_code == 422
    [(number,)] = world.rows("SELECT id FROM messages")
    one = await web.client.get(f"/office/messages/{number}", headers=staff)
    assert "What it would say now" in one.text
    assert "The &lt;pass&gt; is closed" in one.text
    assert "Send once more" not in one.text
    context.mail.failure = MailRefused("no such mailbox")
    await send_all(context)
    failed = await web.client.get(f"/office/messages/{number}", headers=staff)
    assert "no such mailbox" in failed.text
    assert "Given up" in failed.text
    sent = await web.client.post(f"/office/messages/{number}/resend", headers=staff)
    assert sent.status_code == 303
    again = await web.client.get(sent.headers["location"], headers=staff)
    assert "The message goes out once more." in again.text
    waits = await web.client.post(sent.headers["location"].partition("?")[0] + "/resend", headers=staff)
    assert waits.status_code == 409
    assert "has not gone out yet" in waits.text
    assert (await web.client.get(f"/office/messages/{uuid4()}", headers=staff)).status_code == 404
    assert (await web.client.post(f"/office/messages/{uuid4()}/resend", headers=staff)).status_code == 404


async def test_words_are_changed_looked_at_and_taken_back(web: Web, world: World) -> None:
    staff = form(web, world)
    every = await web.client.get(TEMPLATES, headers=staff)
    assert every.text.count("templates/edit?kind=") == 14 * 6
    page = await web.client.get(EDIT + QUERY, headers=staff)
    assert "Your seats are held" in page.text
    assert "Take my words back" not in page.text
    typed = {**KEY, "subject": "Dear {name}", "body": "Pay {total}", "version": "0"}
    shown = await web.client.post(f"{TEMPLATES}/preview", data=typed, headers=staff)
    assert shown.status_code == 200
    assert "Dear Анна Ёлкина" in shown.text
    assert "Pay {total}" in shown.text, "what was typed stays in the form"
    assert world.rows("SELECT count(*) FROM message_templates") == [(0,)]
    wrong = {**typed, "body": "Hello {nobody}"}
    for address in (EDIT, f"{TEMPLATES}/preview"):
        refused = await web.client.post(address, data=wrong, headers=staff)
        assert refused.status_code == 422
        assert "A word in braces stands for nothing here" in refused.text
        assert "Hello {nobody}" in refused.text
    saved = await web.client.post(EDIT, data=typed, headers=staff)
    assert saved.status_code == 303
    told = await web.client.get(saved.headers["location"], headers=staff)
    assert "The words are saved." in told.text
    assert "own words" in (await web.client.get(TEMPLATES, headers=staff)).text
    stale = await web.client.post(EDIT, data={**typed, "body": "typed meanwhile"}, headers=staff)
    assert stale.status_code == 412
    assert "typed meanwhile" in stale.text
    back = await web.client.post(f"{TEMPLATES}/reset", data=KEY, headers=staff)
    assert back.status_code == 303
    again = await web.client.get(back.headers["location"], headers=staff)
    assert "words again" in again.text
    twice = await web.client.post(f"{TEMPLATES}/reset", data=KEY, headers=staff)
    assert (twice.status_code, "done=" in twice.headers["location"]) == (303, False)
    assert (await web.client.get(f"{EDIT}?kind=nonsense", headers=staff)).status_code == 422
    reader = await web.client.get(EDIT + QUERY, headers=form(web, world, "viewer"))
    assert "Look at it" in reader.text
    assert ">Save<" not in reader.text.replace("\n", "")


async def test_settings_are_saved_and_their_secrets_never_shown(context: Context, web: Web, world: World) -> None:
    path = "/office/messages/settings"
    staff = form(web, world)
    page = await web.client.get(path, headers=staff)
    assert "Make a bot with @BotFather" in page.text
    typed = {
        "version": "0", "sender_name": "Vulkan", "reply_to": "", "quiet_from": "22:00", "quiet_to": "08:00",
        "telegram_token": BOT_TOKEN, "sms_provider": "sms_ru", "sms_key": SMS_KEY, "sms_sender": "", "reviews": "yes",
    }  # fmt: skip
    wrong = await web.client.post(path, data={**typed, "quiet_to": "", "reply_to": "nobody"}, headers=staff)
    assert wrong.status_code == 422
    assert BOT_TOKEN not in wrong.text
    assert SMS_KEY not in wrong.text
    half = await web.client.post(path, data={**typed, "quiet_to": ""}, headers=staff)
    assert "both ends of the quiet hours" in half.text
    saved = await web.client.post(path, data=typed, headers=staff)
    assert saved.status_code == 303
    told = await web.client.get(saved.headers["location"], headers=staff)
    assert "The settings are saved." in told.text
    assert "being made known" in told.text
    assert "Short messages go out." in told.text
    assert BOT_TOKEN not in told.text
    await send_all(context)
    assert "@kamchatka_bot" in (await web.client.get(path, headers=staff)).text
    stale = await web.client.post(path, data={**typed, "sender_name": "Other"}, headers=staff)
    assert stale.status_code == 412
    assert "Other" in stale.text
    kept = {**typed, "version": "1", "telegram_token": "", "sms_key": "", "reviews": ""}
    assert (await web.client.post(path, data=kept, headers=staff)).status_code == 303
    seen = "SELECT telegram_token IS NOT NULL, sms_key IS NOT NULL, reviews, version FROM notice_settings"
    assert world.rows(seen) == [(True, True, False, 2)]
    gone = {**kept, "version": "2", "without_telegram": "yes", "without_sms": "yes"}
    assert (await web.client.post(path, data=gone, headers=staff)).status_code == 303
    assert world.rows(seen) == [(False, False, False, 3)]
    world.execute("UPDATE notice_settings SET telegram_token = 'x', telegram_error = 'Unauthorized'")
    assert "Telegram does not take the bot: Unauthorized" in " ".join(
        (await web.client.get(path, headers=staff)).text.split()
    )
    assert "can change this" in (await web.client.get(path, headers=form(web, world, "viewer"))).text


def browser(web: Web, held: HeldBooking) -> dict[str, str]:
    csrf = web.app.state.csrf.issue()
    cookies = f"{cookie_name(held.booking.id)}={held.token}; csrf_token={csrf}"
    return {"Cookie": cookies, "X-CSRF-Token": csrf, "Accept-Language": "en"}


async def test_a_traveller_finds_the_way_to_the_bot(web: Web, world: World) -> None:
    held = await booked(web.hub, world)
    path = f"/booking/{held.booking.id}/messages"
    mine = browser(web, held)
    assert f'href="{path}"' in (await web.client.get(f"/booking/{held.booking.id}", headers=mine)).text
    none = await web.client.get(path, headers=mine)
    assert "anna@example.org" in none.text
    assert "does not write to Telegram" in none.text
    with_ways(web.hub, world, world.other, telegram=True)
    page = await web.client.get(path, headers=mine)
    token = start_token(web.keys, world.other.id, held.booking.id)
    assert f"https://t.me/kamchatka_bot?start={token}" in page.text
    with_chat(world, held)
    linked = await web.client.get(path, headers=mine)
    assert "come to your Telegram" in linked.text
    off = await web.client.post(f"{path}/telegram-off", headers=mine)
    assert off.status_code == 303
    assert "No more messages go to Telegram." in (await web.client.get(off.headers["location"], headers=mine)).text
    assert world.rows("SELECT count(*) FROM telegram_chats") == [(0,)]
    web.client.cookies.clear()
    assert (await web.client.get(path)).status_code == 401
