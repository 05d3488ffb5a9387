"""``python -m eval.refusal``: learns which signals tell an answer from none, and shows what they refuse in small and large organisations.

Organisations of 3 to 60 neighbouring papers are made of those that are not held out, and asked what their papers answer, what they only
seem to answer, and what papers of others answer; and the tuning half of the set is asked. A logistic regression of the signals on what
was found gives the weights of ``desk.search.rules``; the table tells how the rule that is there now fares with papers held out.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.servers import scratch_database
from eval.corpus import Asked, corpus, documents, elsewhere, questions
from eval.measure import Outcome, measure
from eval.papers import Paper, asked_of, papers, written
from kamhub.desk.embedding.choice import embedders_of
from kamhub.desk.search.rules import Signals
from kamhub.platform.settings import load_settings

Numbers = NDArray[np.float64]
# Papers of an organisation: how many such organisations to learn from, and to look at.
SIZES: Mapping[int, tuple[int, int]] = {3: (12, 6), 8: (8, 4), 20: (4, 3), 60: (2, 1)}
_MOST_ASKED, _STRANGERS = 100, 12
_OF_THE_SET = 3  # times as much as a question of the papers counts one of the tuning half, of which there are few
_RIDGE, _ROUNDS = 1e-3, 60


@dataclass(frozen=True, slots=True)
class Sample:
    """What came of a question in an organisation of so many papers."""

    papers: int
    outcome: Outcome


async def samples(source: Sequence[Paper], *, held_out: bool) -> list[Sample]:
    """Of organisations made of those papers, chosen by chance, always the same."""
    chance, embedders = random.Random(2014), embedders_of(load_settings())  # noqa: S311 - nothing secret
    found: list[Sample] = []
    for size, counts in SIZES.items():
        for _ in range(counts[held_out]):
            first = chance.randrange(len(source) - size)
            mine = list(source[first : first + size])
            others = [paper for paper in source if paper not in mine]
            asked = _asked(mine, chance.sample(others, _STRANGERS), chance)
            with scratch_database() as (_, address), TemporaryDirectory() as folder:
                files = written(mine, Path(folder))
                async with corpus(address.owner_url, address.app_url, embedders, files) as (desk, organisation):
                    found += [Sample(size, each) for each in await measure(desk, organisation, asked)]
    return found


async def of_the_set() -> list[Sample]:
    """Of the tuning half, in the organisation of the set."""
    asked = [each for each in [*questions(), *elsewhere()] if each.half == "tune"]
    with scratch_database() as (_, address):
        files, embedders = documents(), embedders_of(load_settings())
        async with corpus(address.owner_url, address.app_url, embedders, files) as (desk, organisation):
            return [Sample(len(files), each) for each in await measure(desk, organisation, asked)]


def _asked(mine: list[Paper], others: list[Paper], chance: random.Random) -> list[Asked]:
    own = asked_of(mine)
    chance.shuffle(own)
    strange = [each for paper in others for each in asked_of([paper])[:2]]
    return own[:_MOST_ASKED] + [replace(each, kind="elsewhere", documents=()) for each in strange]


def learn(seen: Sequence[Sample]) -> tuple[Signals, float]:
    """Weights and the constant before it is moved to the threshold. Questions that have an answer which was not found teach nothing."""
    told = [
        (each.outcome.signals, each.outcome.asked.answerable)
        for each in seen
        if each.outcome.signals and (each.outcome.found["all"] or not each.outcome.asked.answerable)
    ]
    numbers = np.array([astuple(signals) for signals, _ in told])
    right = np.array([answered for _, answered in told], dtype=np.float64)
    middle, spread = numbers.mean(axis=0), numbers.std(axis=0)
    rows = np.column_stack((np.ones(len(numbers)), (numbers - middle) / spread))
    ridge = _RIDGE * len(rows) * np.diag([0.0, *np.ones(len(middle))])
    weights = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        likely = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (likely - right) + ridge @ weights
        weights -= np.linalg.solve((rows * (likely * (1 - likely))[:, None]).T @ rows + ridge, slope)
    plain = weights[1:] / spread
    return Signals(*(float(each) for each in plain)), float(weights[0] - plain @ middle)


def shares(seen: Sequence[Sample]) -> list[tuple[str, ...]]:
    """A line for each size: what is answered of the answerable, and refused of near misses and of questions about other things."""
    lines = []
    for size in SIZES:
        of = [each.outcome for each in seen if each.papers == size]
        answered = [each.answered for each in of if each.asked.answerable]
        near = [not each.answered for each in of if each.asked.kind == "near_miss"]
        strange = [not each.answered for each in of if each.asked.kind == "elsewhere"]
        lines.append((str(size), *(f"{np.mean(each):.2f} of {len(each)}" for each in (answered, near, strange))))
    return lines


async def main() -> None:
    """Print the weights learned and how the rule fares."""
    known = papers()
    of_papers = await samples([paper for paper in known if not paper.held_out], held_out=False)
    weights, constant = learn([*of_papers, *_OF_THE_SET * await of_the_set()])
    console = Console(width=140)
    told = ", ".join(f"{each.name}={getattr(weights, each.name):.2f}" for each in fields(weights))
    console.print(f"learned: {told}; constant {constant:.2f} where an answer is as likely as not")
    table = Table(
        "papers", "answerable, answered", "near misses, refused", "about other things, refused", title="Papers held out"
    )
    for line in shares(await samples([paper for paper in known if paper.held_out], held_out=True)):
        table.add_row(*line)
    console.print(table)


if __name__ == "__main__":
    asyncio.run(main())
