"""The kills at full size: ``python -m tests.system.jobs``. Prints the tables; code 1 when a promise was broken."""

from __future__ import annotations

import sys

from tests.system.jobs.run import FULL, alone, summary


def main() -> int:
    """Exit code 0 when every promise was kept."""
    result = alone(FULL)
    print("\n".join(summary(result)))
    print("\n".join(result.broken) or "every promise was kept")
    return 1 if result.broken else 0


if __name__ == "__main__":
    sys.exit(main())
