"""How long a document takes from its upload until a search finds it, beside the bare reader and the bare model of vectors."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from bench.servers import scratch_database, web, worker
from eval.corpus import documents
from kamhub.desk.embedding.local import LocalUse
from kamhub.desk.embedding.rules import embedded_text
from kamhub.desk.extraction.actions import read
from kamhub.desk.knowledge.rules import pieces_of
from tests.desk.extraction.samples import pdf_pages

ROUNDS = 3
PAGES = 50
_LOOK_EVERY = 0.05  # seconds between two looks at how far it is
_WITHIN = 300.0
_QUESTION = 120  # characters of a document that is searched for by its own words
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds for some documents, one after another: read and embedded here; read and taken in, until completed and found."""

    read: float
    bare: float
    completed: float
    found: float


def run(console: Console) -> None:
    """Print the table."""
    table = Table(
        "documents",
        "read, s",
        "read and embedded, s",
        "completed, s",
        "ratio",
        "found, s",
        "ratio",
        title=f"medians of {ROUNDS} rounds, lowest and highest ratio",
    )
    settings = {"KAMHUB_SECRET_KEY": "bench " * 8, "KAMHUB_BACKUPS": "off"}
    with tempfile.TemporaryDirectory() as made, scratch_database() as (folder, address):
        sets = _sets(Path(made))
        with web(folder, address, settings=settings) as port, worker(folder, address, settings=settings):
            rounds = asyncio.run(_measure(f"http://127.0.0.1:{port}", sets))
    for name, times in rounds.items():
        completed = [each.completed / each.bare for each in times]
        found = [each.found / each.bare for each in times]
        middle = [
            statistics.median(column)
            for column in zip(*((t.read, t.bare, t.completed, t.found) for t in times), strict=True)
        ]
        table.add_row(
            name, f"{middle[0]:.2f}", f"{middle[1]:.2f}", f"{middle[2]:.2f}", _spread(completed), f"{middle[3]:.2f}", _spread(found)
        )  # fmt: skip
    console.print(table)


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def _sets(folder: Path) -> dict[str, list[Path]]:
    files = documents()
    return {
        f"the {len(files)} of the evaluation, each alone": files,
        f"PDF, {PAGES} pages": [_pdf(folder / "long.pdf", files)],
    }


def _pdf(path: Path, files: Sequence[Path]) -> Path:
    """The texts of those files, again and again, on so many pages."""
    blocks = [block for file in files for block in asyncio.run(read(file, file.name)).blocks]
    pdf = pdf_pages()
    pdf.add_page()
    for number, block in enumerate(itertools.cycle(blocks)):
        if pdf.page_no() >= PAGES and pdf.will_page_break(40):
            break
        heading = block.kind == "heading"
        pdf.set_font("DejaVu", "B" if heading else "", 14 if heading else 11)
        # What comes again is numbered: no text has the same sentence on many pages.
        again = f"{number // len(blocks)}. " if number >= len(blocks) else ""
        pdf.multi_cell(0, 6, again + block.text, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)
    pdf.output(str(path))
    return path


async def _measure(base: str, sets: dict[str, list[Path]]) -> dict[str, list[_Times]]:
    model = LocalUse()
    await model.texts(["loaded before it is measured, as the worker has it"])
    found: dict[str, list[_Times]] = {name: [] for name in sets}
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        await _taken_in(client, await _operator(client), b"Loaded before it is measured.", "warm.txt", "loaded")
        for _ in range(ROUNDS):
            for name, files in sets.items():
                headers = await _operator(client)
                each = [await _one(client, headers, model, file) for file in files]
                found[name].append(_Times(*(sum(column) for column in zip(*each, strict=True))))
    return found


async def _operator(client: httpx.AsyncClient) -> dict[str, str]:
    """Somebody whose organisation knows nothing yet."""
    number = next(_numbers)
    body = {
        "email": f"owner{number}@bench.example",
        "password": "A passphrase of the bench 7",
        "name": "Bench",
        "organisation_name": f"Bench {number}",
    }
    reply = (await client.post("/api/auth/signup", json=body)).raise_for_status().json()
    return {"Authorization": f"Bearer {reply['access_token']}"}


async def _one(
    client: httpx.AsyncClient, headers: dict[str, str], model: LocalUse, file: Path
) -> tuple[float, float, float, float]:
    """The four numbers of ``_Times`` for one file."""
    began = time.perf_counter()
    document = await read(file, file.name)
    after_reading = time.perf_counter() - began
    pieces = pieces_of(document, file.name)
    await model.texts([embedded_text(piece.context, piece.text) for piece in pieces])
    bare = time.perf_counter() - began
    asked = max(pieces, key=lambda piece: len(piece.text)).text[:_QUESTION]
    content = await asyncio.to_thread(file.read_bytes)
    completed, found = await _taken_in(client, headers, content, file.name, asked)
    return after_reading, bare, completed, found


async def _taken_in(
    client: httpx.AsyncClient, headers: dict[str, str], content: bytes, name: str, asked: str
) -> tuple[float, float]:
    """Seconds from the upload until it is completed, and until a search for its own words finds it."""
    began = time.perf_counter()
    sent = await client.post("/api/assets", headers=headers, files={"file": (name, content)})
    asset = sent.raise_for_status().json()["id"]
    async with asyncio.timeout(_WITHIN):
        while (await _get(client, headers, f"/api/assets/{asset}"))["status"] != "completed":  # noqa: ASYNC110 - in another process
            await asyncio.sleep(_LOOK_EVERY)  # whoever asks again and again takes time from what it waits for
        completed = time.perf_counter() - began
        query = httpx.QueryParams({"q": asked, "limit": 20})
        while not await _finds(client, headers, f"/api/knowledge/search?{query}", asset):
            pass
    return completed, time.perf_counter() - began


async def _finds(client: httpx.AsyncClient, headers: dict[str, str], search: str, asset: str) -> bool:
    return any(item["asset_id"] == asset for item in (await _get(client, headers, search))["items"])


async def _get(client: httpx.AsyncClient, headers: dict[str, str], path: str) -> Any:
    return (await client.get(path, headers=headers)).raise_for_status().json()
