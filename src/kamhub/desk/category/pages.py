"""The pages of categories: the tree, and one of them to rename, move or remove."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.desk.category import actions
from kamhub.desk.category.api import READ, WRITE
from kamhub.desk.category.forms import CategoryEditForm, CategoryPageForm
from kamhub.desk.category.types import (
    MOST_LEVELS,
    Branch,
    CategoryInUse,
    CategoryMisplaced,
    CategoryNameTaken,
    CategoryNotFound,
    TooManyCategories,
)
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import said, sentence_of
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import VersionForm
from kamhub.platform.web.versions import VersionStale, page_version

Asked = Request[Any, Any, Any]
SECTION = "/office/knowledge/categories"
_CATEGORY = f"{SECTION}/{{category_id:uuid}}"
_NAMES = ("name", "parent_id", "description", "sort_order")
_DONE: Mapping[str, str] = {
    "added": mark("The category is added."),
    "changed": mark("The changes are saved."),
    "removed": mark("The category is removed."),
}
# What a person can mend in the form, and the field it is said at.
_REFUSED: tuple[type[Refusal], ...] = (CategoryNameTaken, CategoryMisplaced, CategoryNotFound, TooManyCategories)
_CHANGE_REFUSED: tuple[type[Refusal], ...] = (*_REFUSED, VersionStale)
Done = Annotated[str, QueryParameter(max_length=30)]


@get(SECTION, opt=rule(access="staff", rate="page", permission=READ, reply="page"))
async def categories(request: Asked, hub: Hub, staff: Staff, done: Done = "") -> Response[Any]:
    """The tree of categories, and the form that adds one."""
    return await _list(request, hub, staff, done=said(request, _DONE, done))


@post(
    SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=CategoryPageForm,
        reply="page",
        refusals=(404, 409, 422),
        audit="knowledge_category.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Add a category."""
    values = await _sent(request)
    try:
        await actions.add(hub, staff, CategoryPageForm.model_validate(values).facts())
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await _list(request, hub, staff, values=values, errors=errors, status=HTTP_422_UNPROCESSABLE_ENTITY)
    except _REFUSED as refusal:
        return await _list(request, hub, staff, values=values, errors=_said_of(request, refusal), status=refusal.status)
    return _to("?done=added")


@get(_CATEGORY, opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)))
async def show(request: Asked, hub: Hub, staff: Staff, category_id: UUID, done: Done = "") -> Response[Any]:
    """One category: what it is called and where it stands, and what is in it."""
    return await _show(request, hub, staff, category_id, done=said(request, _DONE, done))


@post(
    _CATEGORY,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=CategoryEditForm,
        reply="page",
        refusals=(404, 409, 412, 422),
        audit="knowledge_category.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, category_id: UUID) -> Response[Any]:
    """Rename a category, or move it with all that is below it."""
    await actions.category(hub, staff, category_id)
    values, version = await _sent(request), page_version(await request.form())
    try:
        facts = CategoryPageForm.model_validate(values).facts()
        await actions.change(hub, staff, category_id, lambda _: facts, version)
    except ValidationError as error:
        return await _show(
            request,
            hub,
            staff,
            category_id,
            values=values,
            errors=form_errors(error, locale_of(request)),
            status=HTTP_422_UNPROCESSABLE_ENTITY,
        )
    except _CHANGE_REFUSED as refusal:
        errors = _said_of(request, refusal)
        return await _show(request, hub, staff, category_id, values=values, errors=errors, status=refusal.status)
    return _to(f"/{category_id}?done=changed")


@post(
    f"{_CATEGORY}/remove",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=VersionForm,
        reply="page",
        refusals=(404, 409, 412),
        audit="knowledge_category.removed",
    ),
)
async def remove(request: Asked, hub: Hub, staff: Staff, category_id: UUID) -> Response[Any]:
    """Remove a category that is empty."""
    await actions.category(hub, staff, category_id)
    try:
        await actions.remove(hub, staff, category_id, page_version(await request.form()))
    except (CategoryInUse, VersionStale) as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await _show(request, hub, staff, category_id, errors=errors, status=refusal.status)
    return _to("?done=removed")


async def _list(
    request: Asked,
    hub: Hub,
    staff: Staff,
    *,
    done: str | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    return await render_office(
        request,
        "category/categories.html",
        section=SECTION,
        status_code=status,
        done=done,
        branches=await actions.categories(hub, staff),
        most_levels=MOST_LEVELS,
        values=_filled(values or {}),
        errors=errors or {},
        writes=WRITE in staff.permissions,
        url_path=SECTION,
    )


async def _show(
    request: Asked,
    hub: Hub,
    staff: Staff,
    category_id: UUID,
    *,
    done: str | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    branches = await actions.categories(hub, staff)
    branch = next((one for one in branches if one.category.id == category_id), None)
    if branch is None:
        raise CategoryNotFound
    below = [one for one in branches if one.path[: branch.level] == branch.path and one is not branch]
    return await render_office(
        request,
        "category/category.html",
        section=SECTION,
        status_code=status,
        done=done,
        branch=branch,
        below=below,
        # A category cannot stand below itself.
        others=[one for one in branches if one is not branch and one not in below],
        most_levels=MOST_LEVELS,
        values=_filled(values or _texts(branch)),
        errors=errors or {},
        writes=WRITE in staff.permissions,
        url_path=f"{SECTION}/{category_id}",
    )


async def _sent(request: Asked) -> dict[str, str]:
    sent = await request.form()
    return {name: str(sent.get(name, "")) for name in _NAMES} | {"sort_order": str(sent.get("sort_order", "")) or "0"}


def _texts(branch: Branch) -> dict[str, str]:
    facts = branch.category.facts
    return {
        "name": facts.name,
        "parent_id": str(facts.parent_id or ""),
        "description": facts.description or "",
        "sort_order": str(facts.sort_order),
    }


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values.get(name, "") for name in _NAMES}


def _said_of(request: Asked, refusal: Refusal) -> dict[str, str]:
    fields: Mapping[type[Refusal], str] = {
        CategoryNameTaken: "name",
        CategoryMisplaced: "parent_id",
        CategoryNotFound: "parent_id",
    }
    return {fields.get(type(refusal), "form"): sentence_of(request, refusal)}


def _to(rest: str) -> Redirect:
    return Redirect(f"{SECTION}{rest}", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (categories, add, show, change, remove)
