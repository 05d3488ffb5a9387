"""``python -m eval``: the documents through the real reading, cutting and embedding, the questions through the real search."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from bench.servers import scratch_database
from eval import report
from eval.corpus import corpus, documents, elsewhere, questions
from eval.measure import Outcome, measure
from eval.papers import asked_of, papers, written
from kamhub.desk.embedding.choice import embedders_of
from kamhub.desk.reranking.choice import reranker_of
from kamhub.platform.settings import load_settings


async def of_the_set() -> list[Outcome]:
    """Of every question of the set, with the embedders and the reranker that are set."""
    settings = load_settings()
    embedders, reranker = embedders_of(settings), reranker_of(settings)
    with scratch_database() as (_, address):
        async with corpus(address.owner_url, address.app_url, embedders, documents(), reranker) as (desk, organisation):
            return await measure(desk, organisation, [*questions(), *elsewhere()])


async def of_the_papers() -> list[Outcome]:
    """Of every question of the papers held out, which all are in one organisation."""
    settings = load_settings()
    chosen = [paper for paper in papers() if paper.held_out]
    with scratch_database() as (_, address), TemporaryDirectory() as folder:
        files = written(chosen, Path(folder))
        async with corpus(address.owner_url, address.app_url, embedders_of(settings), files, reranker_of(settings)) as (
            desk,
            organisation,
        ):
            return await measure(desk, organisation, asked_of(chosen))


async def outcomes() -> list[Outcome]:
    """Of both."""
    return [*await of_the_set(), *await of_the_papers()]


def main() -> None:
    """Print the tables; with ``--write`` put them into docs/eval.md as well."""
    found = asyncio.run(outcomes())
    console = Console(width=140)
    for title, columns, rows in report.tables(found):
        table = Table(*columns, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    if "--write" in sys.argv[1:]:
        report.write(found)


if __name__ == "__main__":
    main()
