"""The SQLite file: the only place with SQL.

One connection is shared by all threads under a lock. Reads may happen any time; writes happen inside
``transaction()``, which is opened at the edge (an API call, a page, a delivery), never around a network call.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, replace
from pathlib import Path

from .types import (
    Card,
    Kind,
    Notice,
    NoticeState,
    Operation,
    Order,
    OrderDraft,
    OrderStatus,
    Reason,
    Receipt,
    Reply,
    Transaction,
    TransactionStatus,
)

_SCHEMA_VERSION = 2
_REPLAY_SECONDS = 3600
_LOCK_WAIT_SECONDS = 2
_SCHEMA = """
CREATE TABLE orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL, description TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL,
    invoice_id TEXT NOT NULL, account_id TEXT NOT NULL, culture TEXT NOT NULL,
    require_confirmation INTEGER NOT NULL,
    success_url TEXT NOT NULL, fail_url TEXT NOT NULL, json_data TEXT NOT NULL, status TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE TABLE transactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, order_number INTEGER NOT NULL REFERENCES orders (number),
    operation TEXT NOT NULL, parent_id INTEGER REFERENCES transactions (id),
    amount INTEGER NOT NULL CHECK (amount > 0), status TEXT NOT NULL, first_six TEXT NOT NULL,
    last_four TEXT NOT NULL, brand TEXT NOT NULL, expiry TEXT NOT NULL, holder TEXT NOT NULL,
    approves INTEGER NOT NULL, three_ds INTEGER NOT NULL, awaits_code INTEGER NOT NULL, reason_code INTEGER,
    json_data TEXT NOT NULL, created_at REAL NOT NULL, confirmed_at REAL
);
CREATE INDEX transactions_order ON transactions (order_number);
CREATE INDEX transactions_created ON transactions (created_at);
CREATE INDEX orders_invoice ON orders (invoice_id);
CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
    transaction_id INTEGER NOT NULL REFERENCES transactions (id), invoice_id TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, next_at REAL
);
CREATE INDEX notices_due ON notices (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX notices_invoice ON notices (invoice_id);
CREATE TABLE attempts (
    notice_id INTEGER NOT NULL REFERENCES notices (id), at REAL NOT NULL, status INTEGER, reply TEXT NOT NULL
);
CREATE INDEX attempts_notice ON attempts (notice_id);
CREATE TABLE replays (request_id TEXT PRIMARY KEY, reply TEXT NOT NULL, at REAL NOT NULL);
INSERT INTO sqlite_sequence (name, seq) VALUES ('transactions', 1000000000);
"""
_RECEIPTS = """
CREATE TABLE receipts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, invoice_id TEXT NOT NULL,
    account_id TEXT NOT NULL, amount INTEGER NOT NULL, body TEXT NOT NULL, created_at REAL NOT NULL
);
PRAGMA user_version = 2;
"""


class DataFileUnusable(Exception):
    """The data file is in use by another stand-in, of another version, or cannot be opened."""


class Store:
    """State of the stand-in. All methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; DataFileUnusable when that is impossible."""
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise DataFileUnusable(f"The data file {path} cannot be used: {error}.") from error

    def _prepare(self) -> None:
        # Two stand-ins on one file would send every notification twice.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._db.executescript(f"BEGIN EXCLUSIVE; {_SCHEMA} {_RECEIPTS} COMMIT;")
        elif version == 1:
            self._db.executescript(f"BEGIN EXCLUSIVE; {_RECEIPTS} COMMIT;")
        elif version != _SCHEMA_VERSION:
            raise sqlite3.DatabaseError("it was written by another version")
        else:
            self._db.executescript("BEGIN EXCLUSIVE; COMMIT;")

    def close(self) -> None:
        """Close the file once no other thread is inside a transaction."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Save everything done inside together, or nothing when an exception leaves the block."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _write(self, sql: str, values: Sequence[object]) -> int:
        with self._lock:
            return self._db.execute(sql, values).lastrowid or 0

    # orders

    def add_order(self, order_id: str, draft: OrderDraft, now: float) -> Order:
        """Save a new payment link under a random id."""
        columns = (*astuple(draft), OrderStatus.CREATED, now)
        number = self._write(
            "INSERT INTO orders (id, amount, currency, description, email, phone, invoice_id, account_id,"
            " culture, require_confirmation, success_url, fail_url, json_data, status, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (order_id, *columns),
        )
        return Order(number, order_id, draft, OrderStatus.CREATED, now)

    def order(self, order_id: str) -> Order | None:
        """Find a payment link by its id."""
        rows = self._rows("SELECT * FROM orders WHERE id = ?", (order_id,))
        return _order(rows[0]) if rows else None

    def order_of(self, transaction: Transaction) -> Order:
        """Give the order a transaction belongs to."""
        return _order(self._rows("SELECT * FROM orders WHERE number = ?", (transaction.order_number,))[0])

    def set_order_status(self, order: Order, status: OrderStatus) -> None:
        """Change the status of an order."""
        self._write("UPDATE orders SET status = ? WHERE number = ?", (status, order.number))

    # transactions

    def add_transaction(self, draft: Transaction) -> Transaction:
        """Save a new transaction; the id of the draft is replaced by a fresh one."""
        new_id = self._write(
            "INSERT INTO transactions (order_number, operation, parent_id, amount, status, first_six,"
            " last_four, brand, expiry, holder, approves, three_ds, awaits_code, reason_code, json_data,"
            " created_at, confirmed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                draft.order_number,
                draft.operation,
                draft.parent_id,
                draft.amount,
                draft.status,
                *astuple(draft.card),
                draft.awaits_code,
                draft.reason.code if draft.reason else None,
                draft.json_data,
                draft.created_at,
                draft.confirmed_at,
            ),
        )
        return replace(draft, id=new_id)

    def save_transaction(self, changed: Transaction) -> Transaction:
        """Write back what can change in a transaction."""
        self._write(
            "UPDATE transactions SET amount = ?, status = ?, awaits_code = ?, reason_code = ?, json_data = ?,"
            " confirmed_at = ? WHERE id = ?",
            (
                changed.amount,
                changed.status,
                changed.awaits_code,
                changed.reason.code if changed.reason else None,
                changed.json_data,
                changed.confirmed_at,
                changed.id,
            ),
        )
        return changed

    def transaction_by_id(self, transaction_id: int) -> Transaction | None:
        """Find a transaction."""
        rows = self._rows("SELECT * FROM transactions WHERE id = ?", (transaction_id,))
        return _transaction(rows[0]) if rows else None

    def last_transaction(self, invoice_id: str, with_refunds: bool) -> Transaction | None:
        """Find the newest payment, or payment or refund, for an InvoiceId."""
        rows = self._rows(
            "SELECT t.* FROM transactions t JOIN orders o ON o.number = t.order_number"
            " WHERE o.invoice_id = ? AND (? OR t.operation = ?) ORDER BY t.id DESC LIMIT 1",
            (invoice_id, with_refunds, Operation.PAYMENT),
        )
        return _transaction(rows[0]) if rows else None

    def transactions_between(self, start: float, end: float) -> list[Transaction]:
        """List transactions created in this span, oldest first."""
        rows = self._rows(
            "SELECT * FROM transactions WHERE created_at >= ? AND created_at < ? ORDER BY id", (start, end)
        )
        return [_transaction(row) for row in rows]

    def refunded(self, payment: Transaction) -> int:
        """Sum of the refunds of a payment, in minor units."""
        rows = self._rows("SELECT coalesce(sum(amount), 0) FROM transactions WHERE parent_id = ?", (payment.id,))
        return int(rows[0][0])

    # fiscal receipts

    def add_receipt(self, draft: Receipt) -> Receipt:
        """Save a receipt that was asked for."""
        number = self._write(
            "INSERT INTO receipts (id, kind, invoice_id, account_id, amount, body, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            astuple(draft)[1:],
        )
        return replace(draft, number=number)

    def receipt(self, receipt_id: str) -> Receipt | None:
        """Find a receipt by its id."""
        rows = self._rows("SELECT * FROM receipts WHERE id = ?", (receipt_id,))
        return _receipt(rows[0]) if rows else None

    # notifications

    def postpone_notice(self, notice_id: int, next_at: float | None, state: NoticeState) -> None:
        """Send a notification at another time, or never."""
        self._write("UPDATE notices SET next_at = ?, state = ? WHERE id = ?", (next_at, state, notice_id))

    def add_notice(self, kind: Kind, transaction_id: int, invoice_id: str, body: str, next_at: float | None) -> int:
        """Save a notification to send at ``next_at``; None leaves the sending to the caller."""
        return self._write(
            "INSERT INTO notices (kind, transaction_id, invoice_id, body, state, attempts, next_at)"
            " VALUES (?, ?, ?, ?, ?, 0, ?)",
            (kind, transaction_id, invoice_id, body, NoticeState.WAITING, next_at),
        )

    def notice(self, notice_id: int) -> Notice:
        """Give a notification."""
        return _notice(self._rows("SELECT * FROM notices WHERE id = ?", (notice_id,))[0])

    def waiting_notices(self, limit: int) -> list[Notice]:
        """List notifications that are to be sent, the earliest first; those never tried before go first."""
        rows = self._rows(
            "SELECT * FROM notices WHERE next_at IS NOT NULL ORDER BY attempts > 0, next_at LIMIT ?", (limit,)
        )
        return [_notice(row) for row in rows]

    def notices_of(self, invoice_id: str) -> list[Notice]:
        """List every notification about an InvoiceId, oldest first."""
        rows = self._rows("SELECT * FROM notices WHERE invoice_id = ? ORDER BY id", (invoice_id,))
        return [_notice(row) for row in rows]

    def add_attempt(self, notice: Notice, reply: Reply, state: NoticeState, next_at: float | None, now: float) -> None:
        """Save the answer to one attempt and what follows from it."""
        self._write(
            "INSERT INTO attempts (notice_id, at, status, reply) VALUES (?, ?, ?, ?)",
            (notice.id, now, reply.status, reply.text),
        )
        self._write(
            "UPDATE notices SET state = ?, attempts = attempts + 1, next_at = ? WHERE id = ?",
            (state, next_at, notice.id),
        )

    def attempts_of(self, notice_id: int) -> list[tuple[float, Reply]]:
        """List the attempts of a notification with their instants, oldest first."""
        rows = self._rows("SELECT * FROM attempts WHERE notice_id = ? ORDER BY rowid", (notice_id,))
        return [(row["at"], Reply(row["status"], row["reply"])) for row in rows]

    # replayed answers

    def replay(self, request_id: str, now: float) -> str | None:
        """Give the answer the first request with this X-Request-ID got within the last hour."""
        self._write("DELETE FROM replays WHERE at <= ?", (now - _REPLAY_SECONDS,))
        rows = self._rows("SELECT reply FROM replays WHERE request_id = ?", (request_id,))
        return str(rows[0]["reply"]) if rows else None

    def save_replay(self, request_id: str, reply: str, now: float) -> None:
        """Keep the answer to a request that carried an X-Request-ID."""
        self._write("INSERT INTO replays (request_id, reply, at) VALUES (?, ?, ?)", (request_id, reply, now))


def _order(row: sqlite3.Row) -> Order:
    draft = OrderDraft(
        amount=row["amount"],
        currency=row["currency"],
        description=row["description"],
        email=row["email"],
        phone=row["phone"],
        invoice_id=row["invoice_id"],
        account_id=row["account_id"],
        culture=row["culture"],
        require_confirmation=bool(row["require_confirmation"]),
        success_url=row["success_url"],
        fail_url=row["fail_url"],
        json_data=row["json_data"],
    )
    return Order(row["number"], row["id"], draft, OrderStatus(row["status"]), row["created_at"])


def _transaction(row: sqlite3.Row) -> Transaction:
    return Transaction(
        id=row["id"],
        order_number=row["order_number"],
        operation=Operation(row["operation"]),
        parent_id=row["parent_id"],
        amount=row["amount"],
        status=TransactionStatus(row["status"]),
        card=Card(
            row["first_six"],
            row["last_four"],
            row["brand"],
            row["expiry"],
            row["holder"],
            bool(row["approves"]),
            bool(row["three_ds"]),
        ),
        awaits_code=bool(row["awaits_code"]),
        reason=None if row["reason_code"] is None else Reason.of(row["reason_code"]),
        json_data=row["json_data"],
        created_at=row["created_at"],
        confirmed_at=row["confirmed_at"],
    )


def _receipt(row: sqlite3.Row) -> Receipt:
    return Receipt(
        row["number"],
        row["id"],
        row["kind"],
        row["invoice_id"],
        row["account_id"],
        row["amount"],
        row["body"],
        row["created_at"],
    )


def _notice(row: sqlite3.Row) -> Notice:
    return Notice(
        id=row["id"],
        kind=Kind(row["kind"]),
        transaction_id=row["transaction_id"],
        invoice_id=row["invoice_id"],
        body=row["body"],
        state=NoticeState(row["state"]),
        attempts=row["attempts"],
        next_at=row["next_at"],
    )
