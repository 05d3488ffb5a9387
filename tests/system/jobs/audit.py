"""Was every promise kept? Expected jobs held against effects, history, dead letters and the queue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg

KILLS = 5  # so many workers a job may end before it is given up; see rules.KILLS_SURVIVED

# What each names is a fault. A job that ended too many workers may be a dead letter, but it has to prove that.
_ENDED_WORKERS = f"""
SELECT d.id FROM dead_jobs d WHERE d.reason = 'kills_workers'
AND (SELECT count(*) FROM job_failures f WHERE f.job = d.id AND f.error LIKE 'WorkerLost%') >= {KILLS}
"""

CHECKS: dict[str, str] = {
    "lost": f"""
      SELECT e.kind, e.job FROM expected e WHERE e.fate = 'done'
      AND NOT EXISTS (SELECT FROM effects x WHERE x.job = e.job) AND e.job NOT IN ({_ENDED_WORKERS})""",
    "doubled": """
      SELECT e.kind, x.job FROM effects x LEFT JOIN expected e USING (job) GROUP BY e.kind, x.job HAVING count(*) > 1""",
    "effect of what never was or should not be": """
      SELECT e.kind, x.job FROM effects x LEFT JOIN expected e USING (job) WHERE e.fate IS DISTINCT FROM 'done'""",
    "out of order": """
      SELECT 'object ' || object, job FROM (
        SELECT e.object, e.job, e.seq, lag(e.seq) OVER (PARTITION BY e.object ORDER BY x.id) AS before
        FROM effects x JOIN expected e USING (job) WHERE e.object IS NOT NULL) AS served
      WHERE seq <= before""",
    "parts missing": """
      SELECT e.kind, e.job FROM expected e WHERE e.parts > 0 AND EXISTS (SELECT FROM effects x WHERE x.job = e.job)
      AND e.parts <> (SELECT count(*) FROM parts p WHERE p.job = e.job)""",
    "stuck": "SELECT task_name || ' ' || status, (args ->> 'id')::uuid FROM procrastinate_jobs WHERE status IN ('todo', 'doing')",
    "dead letter missing": """
      SELECT e.kind, e.job FROM expected e WHERE e.fate <> 'done'
      AND NOT EXISTS (SELECT FROM dead_jobs d WHERE d.id = e.job AND d.reason = e.fate)
      AND e.job NOT IN (""" + _ENDED_WORKERS + ")",
    "dead letter too many": f"""
      SELECT d.kind || ' ' || d.reason || ' ' || d.error, d.id FROM dead_jobs d LEFT JOIN expected e ON e.job = d.id
      WHERE e.fate IS DISTINCT FROM d.reason AND d.id NOT IN ({_ENDED_WORKERS})""",
    "history without effect": """
      SELECT h.kind, h.id FROM job_history h WHERE NOT EXISTS (SELECT FROM effects x WHERE x.job = h.id)""",
    "effect without history": """
      SELECT 'effect', x.job FROM effects x WHERE NOT EXISTS (SELECT FROM job_history h WHERE h.id = x.job AND h.outcome = 'done')""",
}  # fmt: skip

_BY_KIND = f"""
SELECT e.kind, count(*), count(*) FILTER (WHERE e.fate <> 'done'), count(h.id), count(d.id),
       count(d.id) FILTER (WHERE d.id IN ({_ENDED_WORKERS})),
       coalesce(sum(coalesce(h.attempts, d.attempts)), 0),
       (SELECT count(*) FROM job_failures f JOIN expected l ON l.job = f.job WHERE l.kind = e.kind AND f.error LIKE 'WorkerLost%')
FROM expected e LEFT JOIN job_history h ON h.id = e.job LEFT JOIN dead_jobs d ON d.id = e.job GROUP BY e.kind ORDER BY e.kind"""
_WAITS = """
SELECT coalesce(percentile_cont(ARRAY[0.5, 0.95, 1.0]) WITHIN GROUP (ORDER BY extract(epoch FROM x.at - e.due)), '{0,0,0}')
FROM effects x JOIN expected e USING (job) WHERE e.kind = 'kill.short'"""


@dataclass(frozen=True, slots=True)
class KindCount:
    """Jobs of a kind: ``runs`` over all of them, ``taken_up`` from lost workers; ``ended_workers`` are dead for that."""

    kind: str
    put: int
    meant_to_die: int
    done: int
    dead: int
    ended_workers: int
    runs: int
    taken_up: int


@dataclass(frozen=True, slots=True)
class JobAudit:
    """``faults`` by the name of the check, empty when all is well. ``waits``: median, 95 % and longest seconds from due to
    effect of short jobs."""

    faults: dict[str, list[str]]
    kinds: Sequence[KindCount]
    waits: tuple[float, float, float]

    @property
    def broken(self) -> list[str]:
        """Every fault as a line."""
        return [f"{name}: {fault}" for name, found in self.faults.items() for fault in found]


def audit(owner_url: str, acknowledged: Collection[UUID] = ()) -> JobAudit:
    """Look at everything. ``acknowledged`` are jobs that a client knows to be saved."""
    with psycopg.connect(owner_url) as connection:
        faults = {
            name: [f"{row[0]} {row[1]}" for row in connection.execute(query.encode()).fetchall()]
            for name, query in CHECKS.items()
        }
        saved = {row[0] for row in connection.execute("SELECT job FROM expected").fetchall()}
        faults["acknowledged and not saved"] = [str(job) for job in acknowledged if job not in saved]
        kinds = [KindCount(*row) for row in connection.execute(_BY_KIND.encode()).fetchall()]
        row = connection.execute(_WAITS.encode()).fetchone()
    waits = row[0] if row else (0.0, 0.0, 0.0)
    return JobAudit(faults, kinds, (float(waits[0]), float(waits[1]), float(waits[2])))
