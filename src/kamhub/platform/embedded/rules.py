"""Pure decisions: server settings, the SQL of the two logins, and what a log or a pid file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamhub.platform.embedded.types import APP, DATABASE, OWNER, Credentials, EmbeddedDatabaseError, PidFile

if TYPE_CHECKING:
    from pathlib import Path

# Sized for the smallest machine a user would have. Synchronous I/O and no parallel plans save a handful of
# processes; `terse` and the zero parameter lengths keep travellers' data out of the log.
SETTINGS: dict[str, str] = {
    "shared_buffers": "96MB",
    "huge_pages": "off",
    "max_connections": "100",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "512MB",
    "random_page_cost": "1.1",
    "io_method": "sync",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_worker_slots": "4",
    "max_wal_senders": "3",
    "max_logical_replication_workers": "0",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "min_wal_size": "32MB",
    "max_wal_size": "512MB",
    "idle_in_transaction_session_timeout": "60s",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_min_duration_statement": "1s",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}

_CAUSES = (
    ("No space left on device", "the disk is full: free some space and start again"),
    ("Disk quota exceeded", "the disk quota is used up: free some space and start again"),
    ("Read-only file system", "the disk is read-only"),
    ("Too many open files", "too many files are open: raise the limit (ulimit -n)"),
    ("could not map anonymous shared memory", "there is not enough memory"),
    ("out of memory", "there is not enough memory"),
    ("Permission denied", "it may not use its own folder: see who owns the data folder"),
    ("could not locate a valid checkpoint record", "its files are damaged: restore a backup"),
    ("invalid locale name", "the system has no C.UTF-8 locale"),
)


def settings_text() -> str:
    """Text of `kamhub.conf`, which `postgresql.conf` includes first."""
    lines = [f"{name} = '{value}'" for name, value in SETTINGS.items()]
    head = "# Written by kamhub when it starts; put your own settings into postgresql.conf."
    return "\n".join([head, *lines, ""])


def login_statements(credentials: Credentials) -> list[str]:
    """SQL, one line each, that gives both logins their rights and passwords; safe to run again.

    `kamhub_app` is bound by row-level security: no superuser, no BYPASSRLS, no rights through membership.
    """
    rights = "LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT NOCREATEROLE NOCREATEDB NOREPLICATION"
    exists = f"SELECT FROM pg_roles WHERE rolname = '{APP}'"
    return [
        # Rounds slow down who guesses what a person has chosen. These passwords are 192 random bits, and every connection
        # would pay for the rounds, on both ends.
        "SET scram_iterations = 1",
        f"DO $$ BEGIN IF NOT EXISTS ({exists}) THEN CREATE ROLE {APP}; END IF; END $$",
        f"ALTER ROLE {APP} {rights} PASSWORD '{credentials.app_password}'",
        f"ALTER ROLE {OWNER} PASSWORD '{credentials.owner_password}'",
    ]


def database_statements() -> list[str]:
    """SQL, one line each, that makes the database and lets only its two logins in."""
    return [
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APP}",
        "REVOKE ALL ON DATABASE postgres FROM PUBLIC",
    ]


def parse_pid_file(text: str) -> PidFile | None:
    """Read `postmaster.pid` (pid, folder, start time, port, socket, address, memory key, status)."""
    lines = text.splitlines()
    if not lines or not lines[0].strip().isdigit():
        return None
    port = lines[3].strip() if len(lines) > 3 else ""
    status = lines[7].strip() if len(lines) > 7 else ""
    return PidFile(pid=int(lines[0]), port=int(port) if port.isdigit() else None, status=status)


def port_is_taken(log: str) -> bool:
    """True when the server gave up because something else listens on its port."""
    return "could not bind" in log or "could not create any TCP/IP sockets" in log


def failure(what: str, log: str) -> EmbeddedDatabaseError:
    """The error for `what`, with a cause if the server's own words in `log` give one, and their end."""
    causes = (cause for needle, cause in _CAUSES if needle in log)
    cause = next(causes, None)
    return EmbeddedDatabaseError(f"{what}: {cause}" if cause else what, tail(log))


def version_mismatch(found: str, wanted: str, path: Path) -> str:
    """The sentence for a cluster made by another major version."""
    return (
        f"the database in {path} was made by PostgreSQL {found}, this kamhub brings PostgreSQL {wanted}: "
        f"make a backup with the kamhub that made it and restore it into a new data folder"
    )


def tail(text: str, lines: int = 20) -> str:
    """The last `lines` lines of `text`."""
    return "\n".join(text.strip().splitlines()[-lines:])
