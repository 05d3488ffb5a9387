"""Puts the pinned uv into .tools: by a virtual environment, or without one where Python came without venv."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOLS = Path(".tools")


def main() -> None:
    """Install and link ``.tools/uv``."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything has checked
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: make PYTHON=python3.12")
    wanted = f"uv=={sys.argv[1]}"
    made = subprocess.run([sys.executable, "-m", "venv", str(TOOLS / "env")], capture_output=True, check=False)
    if made.returncode == 0:
        pip = [str(TOOLS / "env" / "bin" / "python"), "-m", "pip", "install"]
        binary = TOOLS / "env" / "bin" / "uv"
    else:
        pip = [sys.executable, "-m", "pip", "install", "--target", str(TOOLS / "lib")]
        binary = TOOLS / "lib" / "bin" / "uv"
    quiet = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    if subprocess.run([*pip, *quiet, wanted], check=False).returncode:
        sys.exit("pip could not install uv: is the network there, and does this Python have pip (package python3-pip)?")
    link = TOOLS / "uv"
    link.unlink(missing_ok=True)
    link.symlink_to(binary.relative_to(TOOLS))


if __name__ == "__main__":
    main()
