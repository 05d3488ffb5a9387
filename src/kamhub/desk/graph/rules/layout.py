"""Where the entities of a picture stand. The same graph is always drawn the same; nothing overlaps its neighbour's name.

Springs and charges (Fruchterman and Reingold, 1991) find the shape; then boxes of node and name are pushed apart.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kamhub.desk.graph.types import Graph, Node

_ROUNDS, _PUSHES = 50, 200
_LETTER, _LINE = 7.4, 17.0  # a letter's width and a line's height, at 13 pixels
_GOLDEN = math.pi * (3 - math.sqrt(5))
SURE = 0.75  # of a relation that is drawn unbroken


@dataclass(frozen=True, slots=True)
class Canvas:
    """The size of a picture, in its own units, and how many letters a line of a name may have."""

    width: float
    height: float
    nodes: int
    letters: int


WIDE = Canvas(680, 620, 24, 20)
NARROW = Canvas(300, 520, 10, 14)


@dataclass(frozen=True, slots=True)
class Spot:
    """An entity in the picture: the middle of its dot, the dot's radius, and its name in lines below."""

    id: UUID
    x: float
    y: float
    radius: float
    lines: tuple[str, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A relation in the picture."""

    id: UUID
    x1: float
    y1: float
    x2: float
    y2: float
    sure: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph as it is drawn: what is between ``top`` and ``top + height`` of its canvas is not empty."""

    canvas: Canvas
    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    top: float
    height: float


@dataclass(slots=True)
class _Body:
    x: float
    y: float
    width: float
    height: float
    radius: float
    lines: tuple[str, ...]
    pinned: bool

    def spot(self, number: UUID) -> Spot:
        """Where it has come to rest."""
        top = self.y - self.height / 2
        return Spot(
            number,
            round(self.x, 1),
            round(top + self.radius + 2, 1),
            round(self.radius, 1),
            self.lines,
            round(self.width, 1),
            round(self.height, 1),
        )


def draw(graph: Graph, names: Sequence[str], canvas: Canvas) -> Picture:
    """The first nodes of the graph, as many as fit, by these names; the centre, if there is one, in the middle."""
    nodes = graph.nodes[: canvas.nodes]
    at = {node.id: number for number, node in enumerate(nodes)}
    ties = [tie for tie in graph.edges if tie.source in at and tie.target in at]
    bodies = [
        _body(node, name, graph.centre, at[node.id], len(nodes), canvas)
        for node, name in zip(nodes, names, strict=False)
    ]
    _relax(bodies, sorted({(at[tie.source], at[tie.target]) for tie in ties}), canvas)
    _part(bodies, canvas)
    spots = tuple(body.spot(node.id) for node, body in zip(nodes, bodies, strict=True))
    ends = [(tie, spots[at[tie.source]], spots[at[tie.target]]) for tie in ties]
    lines = tuple(Line(tie.id, one.x, one.y, other.x, other.y, tie.confidence >= SURE) for tie, one, other in ends)
    top = min((body.y - body.height / 2 for body in bodies), default=0.0) - 6
    bottom = max((body.y + body.height / 2 for body in bodies), default=0.0) + 6
    return Picture(canvas, spots, lines, round(top, 1), round(bottom - top, 1))


def _body(node: Node, name: str, centre: UUID | None, number: int, count: int, canvas: Canvas) -> _Body:
    """A box for the node, on a spiral around the middle to begin with."""
    pinned = node.id == centre
    lines, radius = wrapped(name, canvas.letters), 8 + min(6.0, math.sqrt(node.weight)) + 3 * pinned
    reach = 0 if pinned else 0.42 * math.sqrt((number + 1) / count)
    return _Body(
        x=canvas.width * (0.5 + reach * math.cos(number * _GOLDEN)),
        y=canvas.height * (0.5 + reach * math.sin(number * _GOLDEN)),
        width=max(len(line) for line in lines) * _LETTER + 8,
        height=2 * radius + len(lines) * _LINE + 6,
        radius=radius,
        lines=lines,
        pinned=pinned,
    )


def wrapped(name: str, letters: int) -> tuple[str, ...]:
    """A name in at most two lines."""
    lines = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= letters or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = lines[:2]
    if len(lines) > 2:
        kept[1] = f"{kept[1]} …"
    return tuple(line if len(line) <= letters else line[: letters - 1] + "…" for line in kept)


def _relax(bodies: Sequence[_Body], pairs: Sequence[tuple[int, int]], canvas: Canvas) -> None:
    ideal = 0.75 * math.sqrt(canvas.width * canvas.height / max(1, len(bodies)))
    for turn in range(_ROUNDS):
        heat = canvas.width / 10 * (1 - turn / _ROUNDS)
        moves = [[0.0, 0.0] for _ in bodies]
        for (i, one), (j, other) in itertools.combinations(enumerate(bodies), 2):
            dx, dy, far = _apart(one, other, i, j)
            push = ideal * ideal / far / far
            _move(moves, i, j, dx * push, dy * push)
        for i, j in pairs:
            dx, dy, far = _apart(bodies[i], bodies[j], i, j)
            pull = -far / ideal
            _move(moves, i, j, dx * pull, dy * pull)
        for body, move in zip(bodies, moves, strict=True):
            # Gently towards the middle, so that what hangs on nothing stays in sight.
            dx, dy = move[0] + (canvas.width / 2 - body.x) * 0.15, move[1] + (canvas.height / 2 - body.y) * 0.25
            length = math.hypot(dx, dy) or 1.0
            if not body.pinned:
                step = min(length, heat) / length
                _place(body, body.x + dx * step, body.y + dy * step, canvas)


def _apart(one: _Body, other: _Body, i: int, j: int) -> tuple[float, float, float]:
    dx, dy = one.x - other.x, one.y - other.y
    far = math.hypot(dx, dy)
    # Two on one spot part in a direction of their own.
    return (dx, dy, far) if far > 0.01 else (math.cos(i + j), math.sin(i + j), 1.0)


def _move(moves: list[list[float]], i: int, j: int, dx: float, dy: float) -> None:
    moves[i][0] += dx
    moves[i][1] += dy
    moves[j][0] -= dx
    moves[j][1] -= dy


def _place(body: _Body, x: float, y: float, canvas: Canvas) -> None:
    body.x = min(max(x, body.width / 2 + 2), canvas.width - body.width / 2 - 2)
    body.y = min(max(y, body.height / 2 + 2), canvas.height - body.height / 2 - 2)


def _part(bodies: Sequence[_Body], canvas: Canvas) -> None:
    """Push overlapping boxes apart, along whichever side they overlap less; now and then downwards, out of a corner."""
    for turn in range(_PUSHES):
        moved = False
        for one, other in itertools.combinations(bodies, 2):
            over_x = (one.width + other.width) / 2 - abs(one.x - other.x)
            over_y = (one.height + other.height) / 2 - abs(one.y - other.y)
            if over_x <= 0 or over_y <= 0:
                continue
            moved = True
            dx, dy = (0.0, over_y / 2 + 1) if over_y <= over_x or turn % 3 == 2 else (over_x / 2 + 1, 0.0)
            dx, dy = (dx if one.x >= other.x else -dx), (dy if one.y >= other.y else -dy)
            share = 2.0 if one.pinned or other.pinned else 1.0
            for body, sign in ((one, share), (other, -share)):
                if not body.pinned:
                    _place(body, body.x + dx * sign, body.y + dy * sign, canvas)
        if not moved:
            return
