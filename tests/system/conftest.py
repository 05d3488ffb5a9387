"""A running product for the tests here. It is started once a test process, and ends with the folder; whoever needs one to end starts another."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.product import Product


@pytest.fixture(scope="session")
def root() -> Iterator[Path]:
    """A folder for data folders that every account may pass through, so that the databases lie inside it."""
    folder = Path(tempfile.mkdtemp(prefix="kamhub-system-")).resolve()
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def product(root: Path) -> Iterator[Product]:
    """`kamhub up` with its demo, shared by the tests of this folder in a process; each leaves it running and well."""
    with Product(root / "shared") as running:
        yield running
