"""The terminal named in the settings."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from kamhub.hub.payment import actions, jobs, store
from kamhub.hub.services import Hub
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import DONE
from kamhub.platform.settings import Settings
from tests.builders import World
from tests.work import work_off


@dataclass
class Context:
    hub: Hub
    settings: Settings


async def test_the_terminal_of_the_settings_goes_to_the_first_organisation(hub: Hub, world: World) -> None:
    world.execute("DELETE FROM payment_accounts")
    world.execute("UPDATE organisations SET created_at = created_at - interval '1 day' WHERE id = %s", world.other.id)
    assert await actions.adopt_configured_account(hub, "pk_live", "secret-of-the-settings")
    async with hub.database.tenant(world.other.id) as connection:
        account = await store.account_of(connection, hub.keys, world.other.id)
    assert account is not None
    assert (account.public_id, account.api_secret, account.mode) == ("pk_live", "secret-of-the-settings", "demo")


async def test_where_an_account_exists_the_settings_change_nothing(hub: Hub, world: World) -> None:
    assert not await actions.adopt_configured_account(hub, "pk_live", "secret-of-the-settings")
    assert world.rows("SELECT count(*) FROM payment_accounts") == [(1,)]


@pytest.mark.parametrize(("secret", "accounts"), [("secret-of-the-settings", 1), (None, 0)])
async def test_the_job_takes_the_terminal_over_when_the_settings_name_one(
    hub: Hub, world: World, secret: str | None, accounts: int
) -> None:
    world.execute("DELETE FROM payment_accounts")
    settings = Settings(
        env="development",
        cloudpayments_public_id="pk_live",
        cloudpayments_api_secret=SecretStr(secret) if secret else None,
    )
    for _ in range(2):
        async with hub.database.system() as connection:
            await enqueue(connection, jobs.ADOPT_ACCOUNT)
        assert await work_off(hub.database, jobs.JOBS, Context(hub, settings)) == [DONE]
    assert world.rows("SELECT count(*) FROM payment_accounts") == [(accounts,)]
