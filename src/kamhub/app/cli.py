"""The command line ``kamhub``. Commands import what they need when they run, so that each starts fast and stays small."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from cyclopts import App, Parameter

import kamhub

app = App(name="kamhub", help="Kamchatour Hub: a seat sold is a seat that exists.", version=kamhub.__version__)

DataDir = Annotated[Path | None, Parameter(name="--data-dir", help="folder of the embedded database and local files")]
AsJson = Annotated[bool, Parameter(name="--json", negative="")]


@app.command
def up(*, host: str = "127.0.0.1", port: int = 8000, data_dir: DataDir = None, demo: bool = True) -> None:
    """Everything on this machine: embedded database, schema, demo data, web and worker, in the foreground."""
    from kamhub.app.commands.up import up as run

    run(host, port, data_dir, demo=demo)


@app.command
def web(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    data_dir: DataDir = None,
    share_port: Annotated[bool, Parameter(negative="", help="let several web processes listen on this port")] = False,
) -> None:
    """One web process."""
    from kamhub.app.commands.serve import web as run

    run(host, port, data_dir, share_port=share_port)


@app.command
def worker(*, data_dir: DataDir = None) -> None:
    """One worker process."""
    from kamhub.app.commands.worker import worker as run

    run(data_dir)


@app.command
def migrate(*, data_dir: DataDir = None) -> None:
    """Bring the schema up to date."""
    from kamhub.app.commands.database import migrate as run

    run(data_dir)


@app.command
def demo(*, data_dir: DataDir = None) -> None:
    """Write or renew the demo data."""
    from kamhub.app.commands.database import demo as run

    run(data_dir)


@app.command
def check(*, data_dir: DataDir = None) -> None:
    """Count the breaches of every invariant; exit code 1 when there is any."""
    from kamhub.app.commands.database import check as run

    run(data_dir)


@app.command
def doctor(
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
    sentry: Annotated[bool, Parameter(negative="", help="send Sentry a test error")] = False,
) -> None:
    """What is well and what is not; exit code 1 when something is not."""
    from kamhub.app.commands.doctor import doctor as run

    run(data_dir, as_json=as_json, trial=sentry)


@app.command
def routes(
    *, as_json: AsJson = False, as_markdown: Annotated[bool, Parameter(name="--markdown", negative="")] = False
) -> None:
    """Every route with its access rule, rate preset and CSRF rule."""
    from kamhub.app.commands.routes import routes as run

    run(as_json=as_json, as_markdown=as_markdown)


secrets = App(name="secrets", help="Secrets that are kept encrypted.")
app.command(secrets)


@secrets.command
def rotate(*, data_dir: DataDir = None) -> None:
    """Encrypt them with the current key, so that an earlier one can be taken out of KAMHUB_SECRET_KEY."""
    from kamhub.app.commands.secrets import rotate as run

    run(data_dir)


jobs = App(name="jobs", help="Background jobs of the whole installation: how they are doing, what failed for good.")
app.command(jobs)

Kind = Annotated[str | None, Parameter(help="jobs of that kind only, such as notice.send")]


@jobs.default
def jobs_state(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Queues, workers, and how many jobs there are by status."""
    from kamhub.app.commands.jobs import state as run

    run(data_dir, as_json=as_json)


@jobs.command(name="dead")
def jobs_dead(*, kind: Kind = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The dead letters: what failed for good and waits for a person."""
    from kamhub.app.commands.jobs import dead as run

    run(data_dir, kind, as_json=as_json)


@jobs.command(name="show")
def jobs_show(job_id: UUID, /, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Everything that is known of a job."""
    from kamhub.app.commands.jobs import show as run

    run(data_dir, job_id, as_json=as_json)


@jobs.command(name="retry")
def jobs_retry(
    *job_ids: UUID,
    kind: Kind = None,
    everything: Annotated[bool, Parameter(name="--all", negative="", help="every dead letter there is")] = False,
    data_dir: DataDir = None,
) -> None:
    """Run dead letters again, with the program of today."""
    from kamhub.app.commands.jobs import retry as run

    run(data_dir, job_ids, kind, everything=everything)


@jobs.command(name="discard")
def jobs_discard(
    *job_ids: UUID, reason: Annotated[str, Parameter(help="why, kept for a year")], data_dir: DataDir = None
) -> None:
    """Give dead letters up for good."""
    from kamhub.app.commands.jobs import discard as run

    run(data_dir, job_ids, reason)


backup = App(name="backup", help="Backups: made, listed, verified, restored, pruned.")
app.command(backup)

Place = Annotated[
    Literal["folder", "s3"] | None, Parameter(name="--from", help="take it from there; default the nearest place")
]


@backup.command(name="create")
def backup_create(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make a backup now."""
    from kamhub.app.commands.backup import create as run

    run(data_dir, as_json=as_json)


@backup.command(name="list")
def backup_list(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The backups there are, the newest first; needs no database."""
    from kamhub.app.commands.backup import show as run

    run(data_dir, as_json=as_json)


@backup.command(name="verify")
def backup_verify(name: str | None = None, /, *, place: Place = None, data_dir: DataDir = None) -> None:
    """Restore a backup, the newest unless named, into a scratch database and check it."""
    from kamhub.app.commands.backup import verify as run

    run(data_dir, name, place)


@backup.command(name="restore")
def backup_restore(
    name: str,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", help="replace the database; without it nothing is done")] = False,
    place: Place = None,
    adopt: Annotated[bool, Parameter(negative="", help="also a backup of another hub")] = False,
    data_dir: DataDir = None,
) -> None:
    """Load a backup into a new database, check it, and let it take the place of the one there is, which is kept."""
    from kamhub.app.commands.backup import restore as run

    run(data_dir, name, place, yes=yes, adopt=adopt)


@backup.command(name="prune")
def backup_prune(
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="only say what would be removed")] = False,
    data_dir: DataDir = None,
) -> None:
    """Remove backups that have been kept long enough; never the last good one."""
    from kamhub.app.commands.backup import prune as run

    run(data_dir, dry=dry_run)


def main() -> None:
    """Entry point of the console script."""
    app()
