"""Several files of one plain form, for whoever has no script; the form itself has put them on the disk already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile

from kamhub.desk.asset import actions
from kamhub.desk.asset.types import MOST_BYTES, AssetEmpty, AssetTooLarge, FilesAway, NewFile
from kamhub.desk.asset.uploads import FIELD, file_name
from kamhub.desk.services import Desk
from kamhub.kit.errors import Refusal
from kamhub.platform.file.types import FilesUnavailable, FileTooLarge, Staged
from kamhub.platform.person.types import Staff

# Of all files of such a form together, with what is around them.
MOST_AT_ONCE = 200_000_000
_AT_A_TIME = 262_144


async def chosen(request: Request[Any, Any, Any]) -> list[UploadFile]:
    """The files of the form; a field that was left empty is none."""
    sent = await request.form()
    return [one for one in sent.getall(FIELD, []) if isinstance(one, UploadFile) and one.filename]


async def take(desk: Desk, staff: Staff, upload: UploadFile, category_id: UUID | None) -> tuple[str, Refusal | None]:
    """Take in one of them; its name, and why it was refused. Raises ``CategoryNotFound``."""
    name = file_name(upload.filename)
    try:
        async with _staged(desk, upload) as staged:
            await actions.add_file(desk, staff, staged, NewFile(name, upload.content_type, category_id))
    except (AssetEmpty, AssetTooLarge, FilesAway) as refusal:
        return name, refusal
    return name, None


@asynccontextmanager
async def _staged(desk: Desk, upload: UploadFile) -> AsyncIterator[Staged]:
    """Raises ``AssetEmpty``, ``AssetTooLarge``, ``FilesAway``."""
    try:
        async with desk.files.staging(MOST_BYTES) as staging:
            while part := await upload.read(_AT_A_TIME):
                await staging.add(part)
            if staging.size == 0:
                raise AssetEmpty
            yield await staging.finish()
    except FileTooLarge:
        raise AssetTooLarge from None
    except FilesUnavailable:
        raise FilesAway from None
