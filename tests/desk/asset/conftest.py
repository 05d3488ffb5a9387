"""A desk whose reading is a stand-in, and the application with the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kamhub.app.files import FOLDER
from kamhub.desk.services import Desk
from kamhub.hub.services import Hub
from kamhub.platform.file.folder import FolderFiles
from kamhub.platform.outbound.guarded import GuardedFetcher
from tests.asgi import Web
from tests.desk.asset.support import Reading


@pytest.fixture
def reading() -> Reading:
    return Reading()


@pytest.fixture
def desk(hub: Hub, data_dir: Path, reading: Reading) -> Desk:
    """On the same database and folder as ``web``."""
    return Desk(
        hub=hub,
        files=FolderFiles(data_dir / FOLDER),
        fetcher=GuardedFetcher(),
        read=reading.read,
        cut=reading.cut,
        embed=reading.embed,
        link=reading.link,
    )


@pytest.fixture
def office(web: Web, reading: Reading) -> Web:
    """The application, reading as the stand-in does."""
    own: Desk = web.app.state.desk
    web.app.state.desk = replace(own, read=reading.read, cut=reading.cut, embed=reading.embed, link=reading.link)
    return web
