"""A file as it was sent: alone as the body, or as the field ``file`` of a form; and a photo as it goes out."""

from typing import Any

from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.status_codes import HTTP_304_NOT_MODIFIED

from kamhub.hub.place.types import Photo

FIELD = "file"
MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp")


async def read_file(request: Request[Any, Any, Any]) -> bytes:
    """The bytes of the file; none when a form came without one."""
    if "multipart" not in request.headers.get("content-type", ""):
        return await request.body()
    sent = (await request.form()).get(FIELD)
    return await sent.read() if isinstance(sent, UploadFile) else b""


def photo_reply(request: Request[Any, Any, Any], photo: Photo, cache: str) -> Response[bytes]:
    """A photo, or that the one the reader has is still the same."""
    headers = {"ETag": f'"{photo.digest.hex()[:32]}"', "Cache-Control": cache}
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if headers["ETag"] in known:
        return Response(b"", status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(photo.content, media_type="image/jpeg", headers=headers)
