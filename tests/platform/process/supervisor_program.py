"""Run by tests: supervises the programs described by its one argument, a JSON object.

`children`: list of {name, code, grace}, each Python code to run; `task`: one more, run to its end;
`total` and `first`: seconds; `inherits`: orphans arrive here, as at process 1;
`reap`: reap them. Prints what the supervisor logs.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

from kamhub.platform.process.child import ChildProcess
from kamhub.platform.process.rules import Backoff
from kamhub.platform.process.supervisor import Supervisor
from kamhub.platform.process.types import ChildSpec

PR_SET_CHILD_SUBREAPER = 36


def say(line: str) -> None:
    """Print at once and in one write: the test waits for it, and children share the output."""
    os.write(1, f"{line}\n".encode())


def spec(description: dict[str, str]) -> ChildSpec:
    """The child that a test describes."""
    argv = [sys.executable, "-S", "-c", description["code"]]
    return ChildSpec(description["name"], argv, grace=float(description.get("grace", 5)))


def main() -> None:
    """Run until told to stop."""
    plan = json.loads(sys.argv[1])
    # Who runs the tests may have told everything to go on without a terminal.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    backoff = Backoff(first=plan.get("first", 0.05), ceiling=0.4)
    if plan.get("inherits"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with Supervisor(
        say, total_grace=plan.get("total", 10), backoff=backoff, reap_orphans=plan.get("reap")
    ) as supervisor:
        for description in plan["children"]:
            child = ChildProcess(spec(description))
            supervisor.start(child)
            say(f"{child.name} has pid {child.pid}")
        if "task" in plan:
            say("task begins")
            say(f"task gave {supervisor.run_task(spec(plan['task']))}")
        supervisor.run()
    say("all stopped")


if __name__ == "__main__":
    main()
