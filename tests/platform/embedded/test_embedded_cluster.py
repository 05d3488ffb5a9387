"""Starting, stopping and what the server lets in."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from kamhub.platform.embedded.address import running_address
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.types import Account, EmbeddedDatabaseError, PortTaken

MakeCluster = Callable[..., Cluster]


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_it_starts_with_its_database_and_two_logins(shared: Cluster) -> None:
    at = shared.address
    found = ask(at.app_url, "SELECT current_user::text, current_database()::text")
    assert found == [("kamhub_app", "kamhub")]
    assert ask(
        at.owner_url,
        "SELECT rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, "
        "starts_with(rolpassword, 'SCRAM-SHA-256$') FROM pg_authid WHERE rolname = 'kamhub_app'",
    ) == [(False, False, False, False, False, True, True)]
    assert ask(
        at.owner_url,
        "SELECT datlocprovider::text, datlocale::text, pg_encoding_to_char(encoding)::text, "
        "pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = 'kamhub'",
    ) == [("b", "C.UTF-8", "UTF8", "kamhub_owner")]


def test_settings_are_ours(shared: Cluster) -> None:
    wanted = {
        "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "96MB",
        "data_checksums": "on", "fsync": "on", "synchronous_commit": "on", "TimeZone": "UTC",
        "idle_in_transaction_session_timeout": "1min", "max_connections": "100", "wal_compression": "pglz",
    }  # fmt: skip
    with psycopg.connect(shared.address.owner_url) as connection:
        found = {name: connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in wanted}
    assert found == {name: (value,) for name, value in wanted.items()}


def test_every_way_in_needs_a_password(shared: Cluster) -> None:
    rules = ask(shared.address.owner_url, "SELECT DISTINCT auth_method::text FROM pg_hba_file_rules")
    assert rules == [("scram-sha-256",)]


@pytest.mark.parametrize("user", ["kamhub_owner", "kamhub_app"])
def test_a_wrong_password_is_refused(shared: Cluster, user: str) -> None:
    at = shared.address
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=at.host, port=at.port, dbname=at.database, user=user, password="wrong")


def test_the_app_login_gets_into_its_database_only(shared: Cluster) -> None:
    at = shared.address
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(dataclasses.replace(at, database="postgres").app_url)
    with psycopg.connect(at.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE t (x int)")


def test_passwords_are_in_a_private_file_and_on_no_command_line(shared: Cluster) -> None:
    file = shared.data_dir / "postgres.json"
    content = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert content["app_password"] == shared.address.app_password
    shown = subprocess.check_output(["ps", "-axww", "-o", "command"], text=True)
    assert content["owner_password"] not in shown
    assert content["app_password"] not in shown


def test_russian_text_is_understood(shared: Cluster) -> None:
    assert ask(
        shared.address.app_url,
        "SELECT lower('ЁЛКА'), 'Вулкан' ILIKE 'вУЛ%', "
        "to_tsvector('russian', 'трансферы на вулканы') @@ to_tsquery('russian', 'вулкан & трансфер')",
    ) == [("ёлка", True, True)]


def test_stop_does_not_wait_for_connected_clients(cluster: Cluster) -> None:
    with psycopg.connect(cluster.address.app_url) as connection:
        connection.execute("SELECT 1")
        began = time.monotonic()
        cluster.stop()
        assert time.monotonic() - began < 3
        assert not cluster.is_alive()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_kill_stops_a_server_at_once_and_committed_rows_stay(cluster: Cluster) -> None:
    with psycopg.connect(cluster.address.owner_url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    cluster.kill()
    assert not cluster.is_alive()
    assert ask(cluster.start().owner_url, "SELECT x FROM t") == [(1,)]


def test_the_port_stays_over_restarts_and_over_runs(make_cluster: MakeCluster) -> None:
    first = make_cluster()
    port = first.start().port
    assert first.restart().port == port
    first.stop()
    assert make_cluster().start().port == port


def test_another_port_is_taken_when_the_last_one_is_not_free(make_cluster: MakeCluster) -> None:
    first = make_cluster()
    port = first.start().port
    first.stop()
    with socket.create_server(("127.0.0.1", port)):
        at = make_cluster().start()
    assert at.port != port
    assert ask(at.app_url, "SELECT 1") == [(1,)]


def test_a_fixed_port_that_is_taken_is_said(make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kamhub.platform.embedded.cluster._SAME_PORT_WITHIN", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} is taken by another program"):
            make_cluster(port=port).start()


def test_the_server_itself_finds_its_port_taken(make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kamhub.platform.embedded.cluster.is_free", lambda _port: True)
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTaken) as caught:
        make_cluster(port=other.getsockname()[1]).start()
    assert "Address already in use" in caught.value.log_tail


def test_a_failed_start_shows_the_log(cluster: Cluster) -> None:
    cluster.stop()
    configuration = cluster.data_dir / "postgres" / "postgresql.conf"
    configuration.write_text(configuration.read_text() + "\nnonsense = on\n")
    with pytest.raises(EmbeddedDatabaseError, match="PostgreSQL did not start") as caught:
        cluster.start()
    assert 'unrecognized configuration parameter "nonsense"' in caught.value.log_tail
    assert not cluster.is_alive()


def test_a_cluster_of_another_version_is_refused_in_a_sentence(cluster: Cluster) -> None:
    cluster.stop()
    (cluster.data_dir / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedDatabaseError, match="by PostgreSQL 15, this kamhub brings PostgreSQL 18"):
        cluster.start()


def test_an_administrator_may_override_a_setting(cluster: Cluster) -> None:
    cluster.stop()
    configuration = cluster.data_dir / "postgres" / "postgresql.conf"
    configuration.write_text(configuration.read_text() + "\nwork_mem = 5MB\n")
    assert ask(cluster.start().app_url, "SELECT current_setting('work_mem')") == [("5MB",)]


def test_the_running_address_is_told_only_while_it_runs(cluster: Cluster, tmp_path: Path) -> None:
    assert running_address(tmp_path / "nothing") is None
    assert running_address(cluster.data_dir) == cluster.address
    pid_file = cluster.data_dir / "postgres" / "postmaster.pid"
    text = pid_file.read_text()
    cluster.stop()
    assert running_address(cluster.data_dir) is None
    pid_file.write_text(text.replace(text.split("\n", maxsplit=1)[0], str(os.getpid()), 1))
    assert running_address(cluster.data_dir) is None


def test_an_ordinary_user_runs_it_too(
    data_dir: Path,
    run_program: Callable[..., subprocess.Popen[str]],
    ordinary_account: Account | None,
) -> None:
    uid = os.geteuid()
    if ordinary_account is not None:
        uid = ordinary_account.uid
        data_dir.mkdir(mode=0o700)
        os.chown(data_dir, uid, ordinary_account.gid)
    program = run_program(ordinary_account)
    assert program.stdout is not None
    assert program.stdout.readline() == "starting\n"
    pid = int(program.stdout.readline().removeprefix("up "))
    assert Path(f"/proc/{pid}").stat().st_uid == uid
    assert (data_dir / "postgres.json").stat().st_uid == uid
    at = running_address(data_dir)
    assert at is not None
    assert ask(at.app_url, "SELECT 1") == [(1,)]
    program.terminate()
    assert program.wait(10) == 0
    assert running_address(data_dir) is None
