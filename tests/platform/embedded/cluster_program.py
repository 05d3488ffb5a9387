"""Run by tests: supervises one cluster until told to stop.

Arguments: data folder, system folder, folder of the installation, and optionally a uid and gid to become.
"""

from __future__ import annotations

import os
import subprocess  # noqa: F401 - loaded before the change of user, who may not reach the interpreter's files
import sys
import traceback  # noqa: F401 - as above
from pathlib import Path

from kamhub.platform.embedded.binaries import Installation
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.data_dir import DataDirLock
from kamhub.platform.process.supervisor import Supervisor


def say(line: str) -> None:
    """Print at once and in one write: the test waits for it, and children share the output."""
    os.write(1, f"{line}\n".encode())


def main() -> None:
    """Start, say `up PID`, look after it."""
    data_dir, system_dir, root, *account = sys.argv[1:]
    if account:
        os.setgroups([])
        os.setgid(int(account[1]))
        os.setuid(int(account[0]))
    cluster = Cluster(Path(data_dir), system_dir=Path(system_dir), installation=Installation(Path(root)))
    with DataDirLock(Path(data_dir), "http://127.0.0.1:1"), Supervisor(say) as supervisor:
        say("starting")
        supervisor.start(cluster)
        say(f"up {cluster.pid}")
        supervisor.run()


if __name__ == "__main__":
    main()
