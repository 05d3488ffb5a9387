"""Payment accounts as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.hub.payment.store import AccountRow


def account_json(row: AccountRow) -> dict[str, object]:
    """A terminal, without its secret."""
    return {
        "account_id": str(row.id),
        "public_id": row.public_id,
        "mode": row.mode,
        "receipts": row.receipts,
        "two_stage": row.two_stage,
        "vat": row.vat,
        "taxation_system": row.taxation_system,
    }
