"""Runs the tests in random order on all cores, then checks the coverage floors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig

TESTS_FAILED = 1  # exit code of pytest
ONCE = r"/(tests|kubernetes_validate|playwright)/"  # loaded by one process or none, so not worth compiling before
# Seconds for each of both passes: a bound that says which tests hang, not an aim.
WITHIN = "3600"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Lines of the whole, and of the parts where an untested line is a bug waiting.
FLOORS = {
    "src/kamhub/*": 90,
    "src/kamhub/kit/*": 100,
    "src/kamhub/hub/seats/*": 100,
    "src/kamhub/hub/payment/*": 100,
    "*/rules.py": 100,
}


def main() -> int:
    """Exit code of the first step that fails."""
    chosen = sys.argv[1:]
    python = [sys.executable, "-m"]
    # Hundreds of processes load the same modules: each is compiled once, also where Python is told to keep nothing of it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    modules = [sysconfig.get_path("purelib"), "src/kamhub"]
    # Templates of code among the dependencies do not compile, nor have to.
    subprocess.run([*python, "compileall", "-qq", "-j", "0", "-x", ONCE, *modules], check=False)
    if not any(shutil.which(name) for name in BROWSERS):
        chosen = [*chosen, "-m", "not browser"]
    subprocess.run([*python, "coverage", "erase"], check=True)
    covered = [*python, "pytest", "--cov", "--cov-report="]
    # One more than cores: many tests wait, for processes to end or for a database to come back.
    workers = str((os.cpu_count() or 1) + 1)
    os.environ["KAMHUB_TEST_WITHIN"] = WITHIN
    # The order is that of tests/spread.py. Who replaces a process that died is handed nothing but waits for more for ever
    # (pytest-xdist #1378), so that the death of one ends the run.
    spread = ["-n", workers, "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0"]
    tests = subprocess.run([*covered, *spread, *chosen], check=False)
    if tests.returncode == TESTS_FAILED and not sys.argv[1:]:
        # Kills, browsers and races share a noisy machine: what failed has to pass alone, and is named if it does.
        print("once more, alone, what failed:")
        tests = subprocess.run(
            [*covered, "--cov-append", "--last-failed", "--last-failed-no-failures=none", "-v"], check=False
        )
    if tests.returncode:
        return tests.returncode
    if sys.argv[1:]:
        return 0  # a part of the tests says nothing about the whole
    return max(_floor(pattern, floor) for pattern, floor in FLOORS.items())


def _floor(pattern: str, floor: int) -> int:
    report = subprocess.run(
        [
            sys.executable,
            "-m",
            "coverage",
            "report",
            f"--include={pattern}",
            f"--fail-under={floor}",
            "--skip-covered",
            "-m",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = report.stdout.strip().splitlines()
    total = next((line for line in reversed(lines) if line.startswith("TOTAL")), "TOTAL 0%")
    print(f"coverage of {pattern}: {total.split()[-1]}, floor {floor}%")
    if report.returncode:
        print(report.stdout)
    return report.returncode


if __name__ == "__main__":
    sys.exit(main())
