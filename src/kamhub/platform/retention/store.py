"""SQL that ends old rows of the platform. All of it runs in the system scope.

Rows are named by their place, which stays theirs while they are locked: the planner cannot turn that into a scan. Rows
that somebody else holds are left to the next night. Ended jobs are held by nobody: they may not even be changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, LiteralString

from kamhub.platform.database.pool import Connection

Expiring = Literal[
    "refresh_tokens", "sessions", "mailed_links", "invitations", "job_history", "job_failures", "backup_runs"
]

EXPIRED: dict[Expiring, LiteralString] = {
    "refresh_tokens": """
        DELETE FROM refresh_tokens WHERE ctid = ANY (ARRAY (
          SELECT ctid FROM refresh_tokens WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED))""",
    "sessions": """
        DELETE FROM sessions WHERE ctid = ANY (ARRAY (
          SELECT ctid FROM sessions WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED))""",
    "mailed_links": """
        DELETE FROM mailed_links WHERE ctid = ANY (ARRAY (
          SELECT ctid FROM mailed_links WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED))""",
    "invitations": """
        DELETE FROM invitations WHERE ctid = ANY (ARRAY (
          SELECT ctid FROM invitations WHERE expires_at < %s LIMIT %s FOR UPDATE SKIP LOCKED))""",
    "job_history": """
        DELETE FROM job_history WHERE ctid = ANY (ARRAY (
          SELECT ctid FROM job_history WHERE expires_at < %s ORDER BY expires_at LIMIT %s))""",
    "job_failures": """
        DELETE FROM job_failures WHERE ctid = ANY (ARRAY (
          SELECT ctid FROM job_failures f WHERE at < %s AND NOT EXISTS (SELECT FROM dead_jobs d WHERE d.id = f.job)
          ORDER BY at LIMIT %s))""",
    # Without the latest of each task, however old: status and alerts are made from them.
    "backup_runs": """
        DELETE FROM backup_runs WHERE ctid = ANY (ARRAY (
          SELECT ctid FROM backup_runs r WHERE ended_at < %s
            AND EXISTS (SELECT FROM backup_runs n WHERE n.task = r.task AND n.ok = r.ok AND n.ended_at > r.ended_at)
          ORDER BY ended_at LIMIT %s))""",
}
AUDIT: LiteralString = "SELECT prune_audit_events(%s, %s)"


async def delete_expired(connection: Connection, table: Expiring, before: datetime, limit: int) -> int:
    """Delete rows that expired before that moment; returns how many."""
    return (await connection.execute(EXPIRED[table], (before, limit))).rowcount


async def prune_audit_events(connection: Connection, before: datetime, limit: int) -> int:
    """Delete lines of the log written before that moment; returns how many. The database refuses young ones."""
    row = await (await connection.execute(AUDIT, (before, limit))).fetchone()
    return int(row[0]) if row else 0
