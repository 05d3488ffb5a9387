"""A file as it comes in a form: part by part from the wire to the disk, so that it is never in memory as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from kamhub.desk.asset.forms import FileForm
from kamhub.desk.asset.types import MOST_BYTES, AssetTooLarge, FilesAway
from kamhub.kit.text import clean_line, mark
from kamhub.platform.file.port import FileStore
from kamhub.platform.file.staging import Staging
from kamhub.platform.file.types import FilesUnavailable, FileTooLarge, Staged
from kamhub.platform.web.json import validate
from kamhub.platform.web.problems import BodyUnreadable, FieldError, InputInvalid

FIELD = "file"
# What a form of one file weighs beside it.
_MOST_AROUND = 100_000
_MOST_FIELD = 2_000
_MOST_PARTS = 10
_NO_FORM = mark("The body is not a form with a file")
_NO_FILE = mark("Choose a file.")
_ONE_FILE = mark("Send one file at a time.")
_EMPTY = mark("The file is empty.")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in: ``name`` is what its owner calls it, ``media_type`` what the browser does."""

    staged: Staged
    name: str
    media_type: str | None
    form: FileForm


class _Form:
    """Takes a form apart as it comes."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._segment: MultipartSegment | None = None
        self._fields: dict[str, bytearray] = {}
        self._file: MultipartSegment | None = None

    async def take(self, part: MultipartSegment | bytes | bytearray | None) -> None:
        """The next piece of the form: a new field, content of it, or its end."""
        if isinstance(part, MultipartSegment):
            self._begin(part)
        elif part is None:
            self._segment = None
        elif self._segment is self._file:
            await self._staging.add(bytes(part))
        elif self._segment is not None:
            field = self._fields[self._segment.name]
            field += part
            if len(field) > _MOST_FIELD:
                raise BodyUnreadable(_NO_FORM)

    def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        if segment.name != FIELD:
            self._fields[segment.name] = bytearray()
        elif self._file is not None:
            raise InputInvalid([FieldError(FIELD, _ONE_FILE, "one_file")])
        else:
            self._file = segment

    async def finish(self) -> Upload:
        """All of it has come. Raises ``InputInvalid``."""
        if self._file is None or not self._file.filename:
            raise InputInvalid([FieldError(FIELD, _NO_FILE, "missing")])
        if self._staging.size == 0:
            raise InputInvalid([FieldError(FIELD, _EMPTY, "empty")])
        form = validate(FileForm, {name: bytes(text).decode(errors="replace") for name, text in self._fields.items()})
        return Upload(await self._staging.finish(), file_name(self._file.filename), self._file.content_type, form)


@asynccontextmanager
async def uploaded(request: Request[Any, Any, Any], files: FileStore) -> AsyncIterator[Upload]:
    """The file of a form, kept aside until the block ends.

    Raises ``AssetTooLarge``, ``BodyUnreadable``, ``InputInvalid``, ``FilesAway``.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:18]) > MOST_BYTES + _MOST_AROUND:
        raise AssetTooLarge
    try:
        async with files.staging(MOST_BYTES) as staging:
            yield await _read(request, staging)
    except FileTooLarge:
        raise AssetTooLarge from None
    except FilesUnavailable:
        raise FilesAway from None


async def _read(request: Request[Any, Any, Any], staging: Staging) -> Upload:
    boundary = _boundary(request.headers)
    form, size = _Form(staging), 0
    try:
        with PushMultipartParser(boundary, max_segment_count=_MOST_PARTS) as parser:
            async for raw in request.stream():
                size += len(raw)
                if size > MOST_BYTES + _MOST_AROUND:
                    raise AssetTooLarge
                if parser.closed or not raw:
                    continue
                for part in parser.parse(raw):
                    await form.take(part)
    except MultipartError:
        raise BodyUnreadable(_NO_FORM) from None
    return await form.finish()


def _boundary(headers: Mapping[str, str]) -> str:
    for part in headers.get("content-type", "").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "boundary" and value.strip('"'):
            return value.strip('"')
    raise BodyUnreadable(_NO_FORM)


def file_name(sent: str) -> str:
    """What a file is called, without the folders it came from."""
    name = PureWindowsPath(PurePosixPath(sent).name).name
    return clean_line(name)[:300] or FIELD


def attachment(name: str) -> str:
    """``Content-Disposition`` of a file to be saved (RFC 6266), never shown in place."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
