"""What is to be done once a transaction is committed, and only then: telling of what would otherwise not have happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

_waiting: WeakKeyDictionary[AsyncConnection[TupleRow], list[Callable[[], None]]] = WeakKeyDictionary()


def once_committed(connection: AsyncConnection[TupleRow], act: Callable[[], None]) -> None:
    """Call ``act`` when the connection's transaction has been committed; never when it is rolled back.

    On a connection that no ``Database`` gave out it is called at once. It must be short and must not fail.
    """
    waiting = _waiting.get(connection)
    if waiting is None:
        act()
    else:
        waiting.append(act)


@contextmanager
def gathering(connection: AsyncConnection[TupleRow], acts: list[Callable[[], None]]) -> Iterator[None]:
    """Leave in ``acts`` what is to be done once the transaction of this block is committed."""
    _waiting[connection] = acts
    try:
        yield
    finally:
        del _waiting[connection]
