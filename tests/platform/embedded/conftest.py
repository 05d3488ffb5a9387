"""Clusters for tests: real ones, each destroyed afterwards, with a system folder of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kamhub.platform.embedded.binaries import find_installation
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.types import Account

PROGRAM = Path(__file__).with_name("cluster_program.py")


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that every account may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="kamhub-test-")).resolve()
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def data_dir(root: Path) -> Path:
    return root / "data"


@pytest.fixture
def system_dir(root: Path) -> Path:
    return root / "system"


@pytest.fixture
def make_cluster(data_dir: Path, system_dir: Path) -> Iterator[Callable[..., Cluster]]:
    made: list[Cluster] = []

    def make(folder: Path = data_dir, port: int | None = None) -> Cluster:
        cluster = Cluster(folder, port, system_dir=system_dir)
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        cluster.stop(0.5)


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """The data folder of a finished, stopped cluster: copying it is far quicker than making one."""
    folder = Path(tempfile.mkdtemp(prefix="kamhub-test-")).resolve()
    folder.chmod(0o711)
    Cluster(folder / "data", system_dir=folder / "system").initialise()
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared(template: Path) -> Iterator[Cluster]:
    """A running cluster for tests that only look."""
    subprocess.run(["/bin/cp", "-a", template, template.parent / "shared"], check=True)
    made = Cluster(template.parent / "shared", system_dir=template.parent / "system")
    made.start()
    yield made
    made.stop(0.5)


@pytest.fixture
def cluster(make_cluster: Callable[..., Cluster], template: Path, data_dir: Path) -> Cluster:
    subprocess.run(["/bin/cp", "-a", template, data_dir], check=True)
    made = make_cluster()
    made.start()
    return made


@pytest.fixture
def run_program(data_dir: Path, system_dir: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `cluster_program.py` on the data folder; it prints a line when the server is up."""
    running: list[subprocess.Popen[str]] = []

    def run(account: Account | None = None) -> subprocess.Popen[str]:
        installation = find_installation().runnable_by(account, system_dir)
        argv: list[str | Path] = [sys.executable, PROGRAM, data_dir, system_dir, installation.root]
        if account is not None:
            argv += [str(account.uid), str(account.gid)]
        running.append(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def ordinary_account() -> Account | None:
    """An account without rights to run as, or None when the tests run as an ordinary user already."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """Wait until something is true in another process; returns whether it came true in time."""

    def wait(done: Callable[[], bool], seconds: float = 10.0) -> bool:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait
