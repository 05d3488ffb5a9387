"""Notifications are sent again until the shop takes them, also after a restart."""

from __future__ import annotations

import pytest

from kamhub.app.demo.cloudpayments import pages

from .support import Api, Shop, World


def test_repeated_until_the_code_is_zero(api: Api, shop: Shop) -> None:
    shop.answers["pay"].extend([(200, '{"code":13}'), (500, ""), (200, "")])
    api.pay(api.order())
    tries = shop.wait_for("pay", 4)
    assert len({item.body for item in tries}) == 1
    assert len({item.headers["Content-HMAC"] for item in tries}) == 1


def test_control_list_shows_the_answers(api: Api, shop: Shop) -> None:
    shop.answers["pay"].append((200, '{"code":13}'))
    api.pay(api.order())
    shop.wait_for("pay", 2)
    check, pay = api.notifications()
    assert (check["kind"], check["state"], check["next_at"]) == ("check", "delivered", None)
    assert pay["kind"] == "pay"
    attempts = pay["attempts"]
    assert isinstance(attempts, list)
    assert attempts[0]["reply"] == '{"code":13}'
    assert api.notifications("other") == []


def test_payer_does_not_wait_for_a_slow_shop(api: Api, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_WAIT_FOR_SHOP", 0.05)
    shop.open_gate.clear()
    page = api.order()
    assert api.pay(page).headers["location"] == page
    assert not shop.of("pay")
    shop.open_gate.set()
    assert len(shop.wait_for("pay")) == 1


def test_unsent_notifications_survive_a_restart(world: World, free_port: int) -> None:
    api = world.start(clock=lambda: 1_795_478_400.0)
    world.shop.answers["pay"].append((503, ""))
    page = api.order()
    api.pay(page)
    # The clock stands still, so the second attempt never becomes due in this run.
    assert api.notifications()[1]["state"] == "waiting"
    world.stop_last()
    assert len(world.shop.of("pay")) == 1

    again = world.start()
    first, second = world.shop.wait_for("pay", 2)
    assert first.body == second.body
    assert again.find()["Status"] == "Completed"
    assert "Уже оплачено" in again.browser.get(page).text


def test_answers_kept_for_request_ids_survive_a_restart(world: World) -> None:
    order: dict[str, object] = {"Amount": 10, "Description": "x"}
    first = world.start().call("/orders/create", order, request_id="r-1")
    world.stop_last()
    assert world.start().call("/orders/create", order, request_id="r-1") == first
