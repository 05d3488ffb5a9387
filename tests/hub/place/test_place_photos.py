"""Photos: what is kept of a picture, and what is refused."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from PIL import Image

from kamhub.hub.place import photos
from kamhub.platform.web.problems import InputInvalid
from tests.hub.place.images import EXIF_MAKER, bomb, picture, telling


def code_of(sent: bytes) -> str:
    with pytest.raises(InputInvalid) as refused:
        photos.develop(sent)
    [fault] = refused.value.faults
    assert fault.field == "file"
    return fault.code


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_jpeg(form: str) -> None:
    photo = photos.develop(picture(form))
    with Image.open(io.BytesIO(photo.content)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (40, 30), "RGB")
    assert (photo.width, photo.height, len(photo.digest)) == (40, 30, 32)


def test_it_is_no_larger_than_a_page_needs() -> None:
    photo = photos.develop(picture(size=(4000, 1000)))
    assert (photo.width, photo.height) == (1600, 400)


def test_it_stands_upright_and_tells_nothing_of_the_camera() -> None:
    sent = telling()
    assert b"Secret" in sent
    photo = photos.develop(sent)
    assert (photo.width, photo.height) == (30, 40)
    assert b"Secret" not in photo.content
    with Image.open(io.BytesIO(photo.content)) as image:
        assert EXIF_MAKER not in image.getexif()


def test_what_is_clear_is_white() -> None:
    photo = photos.develop(picture("PNG", mode="RGBA", color=(0, 0, 0, 0)))
    with Image.open(io.BytesIO(photo.content)) as image:
        assert image.getpixel((5, 5)) == (255, 255, 255)
    assert photos.develop(picture("PNG", mode="P", color=0)).width == 40


def test_noise_is_made_small_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.effect_noise((800, 800), 200).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "PNG")
    best = len(photos.develop(out.getvalue()).content)
    monkeypatch.setattr(photos, "_LARGEST_RESULT", best * 2 // 3)
    assert len(photos.develop(out.getvalue()).content) <= best * 2 // 3


@pytest.mark.parametrize(
    "sent",
    [b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture("GIF"), picture("BMP"), picture()[:200]],
    ids=["nothing", "text", "svg", "gif", "bmp", "half of one"],
)
def test_what_is_no_photo(sent: bytes) -> None:
    assert code_of(sent) == "image"


def test_a_bomb_is_not_unpacked() -> None:
    tracemalloc.start()
    assert code_of(bomb()) == "too_many_pixels"
    assert code_of(bomb(6000, 6000)) == "too_many_pixels"
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
