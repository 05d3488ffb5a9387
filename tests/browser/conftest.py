"""A running product, and a Chromium that visits it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.reader import Language, Reader, Screen
from tests.system.product import Product

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Nothing may call home, and a container has neither a GPU nor the rights of a sandbox.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Visit = Callable[..., Reader]


@pytest.fixture(scope="package")
def product() -> Iterator[Product]:
    """`kamhub up` with its demo; the tests of this folder share it, each with bookings of its own."""
    root = Path(tempfile.mkdtemp(prefix="kamhub-browser-")).resolve()
    root.chmod(0o711)  # the database runs as another account and has to get through
    try:
        with Product(root / "data") as running:
            yield running
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser while tests of this folder follow each other; with it open, no test with an event loop can run here."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def visit(product: Product, chromium: Browser) -> Iterator[Visit]:
    """Open readers, each with cookies of its own; at the end none may have met an error or another host."""
    readers: list[Reader] = []

    def open_reader(screen: Screen, language: Language, *, scripts: bool = True) -> Reader:
        reader = Reader(chromium, product, screen, language, scripts=scripts)
        readers.append(reader)
        return reader

    yield open_reader
    for reader in readers:
        reader.leave()
