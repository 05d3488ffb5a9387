"""Lint: a module stays under 400 lines and a function under 45, so that each can be read in one go."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

MODULE_LINES, FUNCTION_LINES = 400, 45


def oversized(path: Path) -> list[str]:
    """What in the file is too long, one line each."""
    text = path.read_text()
    found = []
    if (lines := text.count("\n")) >= MODULE_LINES:
        found.append(f"{path}: {lines} lines, a module stays under {MODULE_LINES}")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length >= FUNCTION_LINES:
                found.append(
                    f"{path}:{node.lineno}: {node.name} has {length} lines, a function stays under {FUNCTION_LINES}"
                )
    return found


def main() -> int:
    """Check every module below the folders given."""
    problems = [
        line for folder in sys.argv[1:] for path in sorted(Path(folder).rglob("*.py")) for line in oversized(path)
    ]
    print("\n".join(problems) or "sizes: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
