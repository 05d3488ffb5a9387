"""Jobs over HTTP: what waits, runs and ended, and what becomes of dead letters. An organisation sees its own."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.platform.job import actions, overview
from kamhub.platform.job.actions import Chosen
from kamhub.platform.job.forms import ChoiceForm, DeadParameters, DiscardChoiceForm, DiscardForm, JobParameters
from kamhub.platform.job.replies import (
    DeadJobDetailReply,
    DeadJobListReply,
    DiscardedReply,
    JobDetailReply,
    JobListReply,
    RetriedReply,
)
from kamhub.platform.job.views import dead_detail_json, dead_json, job_detail_json, job_json
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
READ = "jobs.read"
MANAGE = "jobs.manage"
_JOBS = "/api/jobs"
_DEAD = "/api/jobs/dead"


@get(
    _JOBS,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=JobParameters,
        reply=JobListReply,
        refusals=(401, 403, 422),
    ),
)
async def jobs(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """What waits, runs and ended, the newest first, and how many there are by status."""
    asked = validate(JobParameters, request.query_params)
    found = await overview.jobs(people, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size)
    content = {
        "items": [job_json(job) for job in found.jobs],
        "page": asked.page,
        "page_size": asked.page_size,
        "total": found.total,
        "counts": found.counts,
    }
    return json_reply(content, headers=NOT_STORED)


@get(
    f"{_JOBS}/{{job_id:uuid}}",
    opt=rule(access="staff", rate="api", permission=READ, reply=JobDetailReply, refusals=(401, 403, 404)),
)
async def job(people: People, staff: Staff, job_id: UUID) -> ASGIApp:
    """One job, wherever it is in its life, with the runs that failed."""
    found, failures = await overview.job(people, staff, job_id)
    return json_reply(job_detail_json(found, failures), headers=NOT_STORED)


@get(
    _DEAD,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=DeadParameters,
        reply=DeadJobListReply,
        refusals=(401, 403, 422),
    ),
)
async def dead(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """What failed for good and waits for a person, the latest first."""
    asked = validate(DeadParameters, request.query_params)
    found = await overview.dead(people, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size)
    return list_reply([dead_json(letter) for letter in found.letters], asked, found.total, NOT_STORED)


@get(
    f"{_DEAD}/{{job_id:uuid}}",
    opt=rule(access="staff", rate="api", permission=READ, reply=DeadJobDetailReply, refusals=(401, 403, 404)),
)
async def letter(people: People, staff: Staff, job_id: UUID) -> ASGIApp:
    """One dead letter: what it was to do, why it failed, every failed run."""
    found, failures = await overview.letter(people, staff, job_id)
    return json_reply(dead_detail_json(found, failures), headers=NOT_STORED)


@post(
    f"{_DEAD}/{{job_id:uuid}}/retry",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=MANAGE,
        body="none",
        reply=JobDetailReply,
        refusals=(401, 403, 404),
        audit="job.retried",
    ),
)
async def retry(people: People, staff: Staff, job_id: UUID) -> ASGIApp:
    """Put a dead letter back into the queue, under its own id; it runs with the program of today."""
    await actions.retry_chosen(people, staff, Chosen((job_id,)))
    found, failures = await overview.job(people, staff, job_id)
    return json_reply(job_detail_json(found, failures), headers=NOT_STORED)


@delete(
    f"{_DEAD}/{{job_id:uuid}}",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=MANAGE,
        body=DiscardForm,
        reply="none",
        refusals=(401, 403, 404),
        audit="job.discarded",
    ),
)
async def discard(request: Asked, people: People, staff: Staff, job_id: UUID) -> None:
    """Give a dead letter up. The reason is a parameter of the address, or the body for those who can send one."""
    await overview.letter(people, staff, job_id)
    body = await read_body(request)
    form = parse_json(body, DiscardForm) if body else validate(DiscardForm, request.query_params)
    await actions.discard_chosen(people, staff, Chosen((job_id,)), form.reason)


@post(
    f"{_DEAD}/retry",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=MANAGE,
        body=ChoiceForm,
        reply=RetriedReply,
        refusals=(400, 401, 403, 404, 415, 422),
        audit="job.retried",
    ),
)
async def retry_many(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """Put several back: up to 200 by their ids, or of a kind up to 1,000 at a time."""
    form = await read_json(request, ChoiceForm)
    handled = await actions.retry_chosen(people, staff, form.chosen())
    return json_reply({"retried": handled.count, "left": handled.left}, headers=NOT_STORED)


@post(
    f"{_DEAD}/discard",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=MANAGE,
        body=DiscardChoiceForm,
        reply=DiscardedReply,
        refusals=(400, 401, 403, 404, 415, 422),
        audit="job.discarded",
    ),
)
async def discard_many(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """Give several up: up to 200 by their ids, or of a kind up to 1,000 at a time."""
    form = await read_json(request, DiscardChoiceForm)
    handled = await actions.discard_chosen(people, staff, form.chosen(), form.reason)
    return json_reply({"discarded": handled.count, "left": handled.left}, headers=NOT_STORED)


HANDLERS = (jobs, job, dead, letter, retry, discard, retry_many, discard_many)
