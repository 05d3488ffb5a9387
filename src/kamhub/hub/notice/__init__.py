"""Messages to the traveller about a booking, one of each kind.

Owns the table ``messages``, an outbox: a row is written in the transaction of what it tells of, and the
job ``notice.send`` sends it. A row without ``sent_at`` waits; one that is not true any more when its turn
comes is deleted unsent.
"""
