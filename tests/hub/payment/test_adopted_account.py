"""The terminal named in the settings."""

from __future__ import annotations

from kamhub.hub.payment import actions, store
from kamhub.hub.services import Hub
from tests.builders import World


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
