"""SQL of payment accounts; only finding one runs outside the scope of its organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args
from uuid import UUID

from kamhub.hub.payment.store.rows import one_row
from kamhub.hub.payment.types import PaymentAccount, TaxationSystem, Vat
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.pool import Connection

_ACCOUNT = (
    "SELECT organisation_id, id, public_id, secret_encrypted, mode, receipts, two_stage FROM payment_accounts WHERE "
)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as it may be shown."""

    id: UUID
    public_id: str
    mode: str
    receipts: bool
    two_stage: bool
    vat: Vat
    taxation_system: TaxationSystem | None

    @property
    def version(self) -> int:
        """Tells how it works now from how it worked before."""
        taxes = (None, *get_args(TaxationSystem)).index(self.taxation_system)
        choice = get_args(Vat).index(self.vat) + len(get_args(Vat)) * taxes
        return 1 + self.receipts + 2 * self.two_stage + 4 * choice


async def _one_account(connection: Connection, keys: KeyRing, condition: str, value: UUID) -> PaymentAccount | None:
    row = await one_row(connection, _ACCOUNT + condition, value)
    return PaymentAccount(row[0], row[1], row[2], keys.decrypt(row[3]), *row[4:]) if row else None


async def account_by_id(
    connection: Connection, keys: KeyRing, account_id: UUID, *, archived: bool = False
) -> PaymentAccount | None:
    """The account with that id, in whatever the scope shows; an archived one, too, returns what it took when asked so."""
    return await _one_account(
        connection, keys, "id = %s" if archived else "id = %s AND archived_at IS NULL", account_id
    )


async def account_of(connection: Connection, keys: KeyRing, organisation_id: UUID) -> PaymentAccount | None:
    """The account an organisation takes payments with, or None."""
    return await _one_account(connection, keys, "organisation_id = %s AND archived_at IS NULL", organisation_id)


async def active_accounts(connection: Connection) -> list[tuple[UUID, UUID]]:
    """``(organisation, account)`` of every account that takes payments (system scope)."""
    query = "SELECT organisation_id, id FROM payment_accounts WHERE archived_at IS NULL ORDER BY organisation_id, id"
    return [(row[0], row[1]) for row in await (await connection.execute(query)).fetchall()]


async def set_options(connection: Connection, organisation_id: UUID, row: AccountRow) -> None:
    """Write how the account works from now on."""
    await connection.execute(
        "UPDATE payment_accounts SET receipts = %s, two_stage = %s, vat = %s, taxation_system = %s "
        "WHERE organisation_id = %s AND id = %s",
        (row.receipts, row.two_stage, row.vat, row.taxation_system, organisation_id, row.id),
    )


async def first_without_account(connection: Connection) -> UUID | None:
    """The organisation created first, when no organisation has a payment account yet (system scope)."""
    row = await (
        await connection.execute(
            "SELECT id FROM organisations WHERE id <> %s AND NOT EXISTS (SELECT FROM payment_accounts) "
            "ORDER BY created_at, id LIMIT 1",
            (UUID(int=0),),
        )
    ).fetchone()
    return row[0] if row else None


async def insert_account(connection: Connection, account: PaymentAccount, keys: KeyRing) -> None:
    """Write a payment account, its secret encrypted; nothing when the organisation has an active one."""
    await connection.execute(
        "INSERT INTO payment_accounts (organisation_id, id, public_id, secret_encrypted, mode) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        (account.organisation_id, account.id, account.public_id, keys.encrypt(account.api_secret), account.mode),
    )


async def list_accounts(connection: Connection) -> list[AccountRow]:
    """The accounts in scope."""
    rows = await (
        await connection.execute(
            "SELECT id, public_id, mode, receipts, two_stage, vat, taxation_system FROM payment_accounts "
            "WHERE archived_at IS NULL ORDER BY id"
        )
    ).fetchall()
    return [AccountRow(*row) for row in rows]
