"""``python -m kamhub``."""

from kamhub.app.cli import main

main()
