"""Odd things the provider may send, read without harm."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from kamhub.hub.payment import client
from kamhub.hub.payment.forms import _fee
from kamhub.hub.payment.models import _moment
from kamhub.hub.payment.types import PaymentAccount

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "no number", "-1.00", "0.00", "1.005", "9" * 30])
def test_a_fee_that_cannot_be_one_is_left_out(text: str) -> None:
    assert _fee({"TotalFee": text}) is None


def test_a_moment_that_is_none_is_left_out() -> None:
    assert _moment("yesterday") is None


async def test_a_list_without_end_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_PAGES", 0)
    provider = client.CloudPaymentsClient("http://provider.test")
    account = PaymentAccount(uuid4(), uuid4(), "pk", "secret", "demo")
    with pytest.raises(client.ProviderUnavailable, match="does not end"):
        await provider.operations(account, NOW, NOW)
    await provider.close()
