"""The cluster as `kamhub up` and the tests use it: start, stop, is it alive."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from kamhub.platform.embedded import address, bootstrap, log_file, placement, recovery, rules
from kamhub.platform.embedded.binaries import Installation, find_installation
from kamhub.platform.embedded.data_dir import SYSTEM_DIR, lock_holder, prepare_data_dir
from kamhub.platform.embedded.launch import spawn
from kamhub.platform.embedded.port import free_port, is_free
from kamhub.platform.embedded.processes import cluster_name, wait_until
from kamhub.platform.embedded.types import (
    ClusterAddress,
    Credentials,
    DataDirBusy,
    EmbeddedDatabaseError,
    Placement,
    PortTaken,
)

_READY_WITHIN = 120.0  # seconds: recovery after a crash replays at most max_wal_size
_PORT_ATTEMPTS = 5
_SAME_PORT_WITHIN = 5.0


class Cluster:
    """The PostgreSQL of one data folder, a child of this process. Start it from the main thread.

    It has the shape that `platform.process.Supervisor` looks after. Hold the `DataDirLock` while it runs.
    `port` asks for a fixed port; otherwise the last one is used if free, and it stays the same over restarts.
    """

    name: ClassVar[str] = "postgres"
    grace: ClassVar[float] = 10.0

    def __init__(
        self,
        data_dir: Path,
        port: int | None = None,
        *,
        system_dir: Path = SYSTEM_DIR,
        installation: Installation | None = None,
    ) -> None:
        self.data_dir = data_dir
        self._port = port
        self._system_dir = system_dir
        self._installation = installation
        self._process: subprocess.Popen[bytes] | None = None
        self._address: ClusterAddress | None = None

    @property
    def address(self) -> ClusterAddress:
        """Where the server listens. Raises EmbeddedDatabaseError before the first start."""
        if self._address is None:
            raise EmbeddedDatabaseError("PostgreSQL has not been started")
        return self._address

    @property
    def pid(self) -> int | None:
        """Process id of the postmaster while it lives."""
        return self._process.pid if self._process is not None and self.is_alive() else None

    @property
    def exit_note(self) -> str:
        """How the server ended, for a log line; empty while it lives."""
        code = self._process.poll() if self._process is not None else None
        if code is None:
            return ""
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def initialise(self) -> None:
        """Make the cluster if it does not exist and see that its passwords are known.

        Raises EmbeddedDatabaseError.
        """
        with _in_a_sentence("the database could not be made"):
            self._ready_to_run()

    def start(self) -> ClusterAddress:
        """Start the server and wait until it takes connections. Nothing happens when it runs already.

        Raises EmbeddedDatabaseError (with the end of the log), PortTaken, or DataDirBusy when another process
        holds the lock of the data folder.
        """
        if self.is_alive():
            return self.address
        try:
            with _in_a_sentence("the database could not be started"):
                installation, where, credentials = self._ready_to_run()
                bootstrap.write_settings(where.path)
                self._port = self._launch_on_some_port(installation, where)
                address.save(self.data_dir, self._port, credentials)
        except BaseException:
            self.kill()
            raise
        self._address = address.address_at(self._port, credentials)
        return self._address

    def is_alive(self) -> bool:
        """True while the postmaster that we started lives."""
        return self._process is not None and self._process.poll() is None

    def request_stop(self) -> None:
        """Ask for a fast shutdown (open transactions are rolled back) and return at once."""
        if self.is_alive() and self._process is not None:
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """Stop without a checkpoint; committed rows are recovered from the log at the next start."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGQUIT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        if process.poll() is None:
            process.kill()
            process.wait(1.0)
            recovery.clear_the_way(placement.cluster_path(self.data_dir))

    def stop(self, timeout: float = 10.0) -> None:
        """Stop the server, harder after `timeout` seconds. Nothing happens when it does not run."""
        self.request_stop()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()

    def restart(self) -> ClusterAddress:
        """Stop and start on the same port."""
        self.stop()
        return self.start()

    def tick(self) -> None:
        """Once in a while: keep the log from growing without end."""
        log_file.trim(log_file.log_path(self.data_dir))

    def destroy(self) -> None:
        """Stop the server and delete the database for good; for tests and for throwing a demo away."""
        self.stop()
        self.data_dir = prepare_data_dir(self.data_dir)
        placement.remove(self.data_dir)
        address.forget(self.data_dir)

    def _ready_to_run(self) -> tuple[Installation, Placement, Credentials]:
        self.data_dir = prepare_data_dir(self.data_dir)
        holder = lock_holder(self.data_dir)
        if holder is not None and holder.pid != os.getpid():
            raise DataDirBusy(self.data_dir, holder.pid, holder.url)
        where = placement.place(self.data_dir, self._system_dir)
        if where.account is not None:
            placement.remove_orphans(self._system_dir)
        installed = self._installation or find_installation()
        installation = installed.runnable_by(where.account, self._system_dir)
        saved = address.load(self.data_dir)
        if not where.version_file.exists():
            return installation, where, self._create(installation, where)
        found = where.version_file.read_text(encoding="ascii").strip()
        if found != installation.major:
            raise EmbeddedDatabaseError(rules.version_mismatch(found, installation.major, where.path))
        recovery.clear_the_way(where.path)
        if saved is not None and saved[1].system_identifier == address.system_identifier(where.path):
            return installation, where, saved[1]
        credentials = bootstrap.reset_credentials(installation, where)
        address.save(self.data_dir, self._port or free_port(), credentials)
        return installation, where, credentials

    def _create(self, installation: Installation, where: Placement) -> Credentials:
        if address.is_known(self.data_dir):
            raise EmbeddedDatabaseError(
                f"the database of {self.data_dir} is gone: it was in {where.path}. Put it back, "
                f"or remove {self.data_dir}/postgres.json to begin with an empty one"
            )
        credentials = bootstrap.create(installation, where)
        address.save(self.data_dir, self._port or free_port(), credentials)
        return credentials

    def _choose_port(self, attempt: int) -> int:
        if self._port is not None:
            wanted = self._port
            if not wait_until(lambda: is_free(wanted), _SAME_PORT_WITHIN):
                raise PortTaken(f"port {wanted} is taken by another program")
            return wanted
        saved = address.load(self.data_dir)
        if saved is not None and attempt == 1 and is_free(saved[0]):
            return saved[0]
        return free_port()

    def _launch_on_some_port(self, installation: Installation, where: Placement) -> int:
        for attempt in range(1, _PORT_ATTEMPTS):
            port = self._choose_port(attempt)
            try:
                self._launch(installation, where, port)
            except PortTaken:
                if self._port is not None:
                    raise
            else:
                return port
        port = self._choose_port(_PORT_ATTEMPTS)
        self._launch(installation, where, port)
        return port

    def _launch(self, installation: Installation, where: Placement, port: int) -> None:
        log = log_file.log_path(self.data_dir)
        log_file.trim(log)
        offset = log_file.size(log)
        self._process = spawn(
            [
                installation.tool("postgres"), "-D", where.path, "-p", str(port),
                "-c", f"listen_addresses={address.HOST}", "-c", "unix_socket_directories=",
                "-c", f"cluster_name={cluster_name(where.path)}",
            ],
            where.account,
            log,
        )  # fmt: skip
        deadline = time.monotonic() + _READY_WITHIN
        while not self._is_ready(where.path):
            if self._process.poll() is not None:
                raise _failure(port, log_file.read_from(log, offset))
            if time.monotonic() > deadline:
                self.stop(1.0)
                written = log_file.read_from(log, offset)
                raise EmbeddedDatabaseError("PostgreSQL did not become ready in time", rules.tail(written))
            time.sleep(0.01)

    def _is_ready(self, cluster: Path) -> bool:
        found = address.read_pid_file(cluster)
        return (
            found is not None
            and self._process is not None
            and found.pid == self._process.pid
            and found.status == "ready"
        )


def _failure(port: int, written: str) -> EmbeddedDatabaseError:
    if rules.port_is_taken(written):
        return PortTaken(f"port {port} is taken by another program", rules.tail(written))
    return rules.failure("PostgreSQL did not start", written)


@contextlib.contextmanager
def _in_a_sentence(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, subprocess.SubprocessError) as error:
        raise rules.failure(what, str(error)) from error
