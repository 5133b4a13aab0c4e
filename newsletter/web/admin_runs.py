"""The journal as an admin page: every run, newest first, all kinds or one."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlmodel import Session, col, select
from starlette.responses import Response

from newsletter.record_models import Run, RunKind
from newsletter.web.admin_page import LoggedIn, admin_page
from newsletter.web.site import site_of
from subscribers.addresses import redacted_in

router = APIRouter()
ON_A_PAGE = 50
MOST_PAGES = 100_000


@router.get("/admin/runs")
def runs(
    request: Request,
    admin: LoggedIn,
    kind: Annotated[str, Query(max_length=20)] = "",
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> Response:
    """One page of the journal."""
    site, wanted = site_of(request), next((each for each in RunKind if each == kind), None)
    with Session(site.engine) as session:
        found = lines(session, wanted, (page - 1) * ON_A_PAGE, ON_A_PAGE + 1)
    links, name = site.paths, wanted or ""
    kinds = [("All", links.admin_runs(), not wanted)]
    kinds += [(each.capitalize(), links.admin_runs(each), each is wanted) for each in RunKind]
    return admin_page(
        request,
        admin,
        "admin_runs.html",
        runs=found[:ON_A_PAGE],
        kinds=kinds,
        newer=links.admin_runs(name, page - 1) if page > 1 else "",
        older=links.admin_runs(name, page + 1) if len(found) > ON_A_PAGE else "",
        section="runs",
        figures=figures,
        said=redacted_in,
    )


def lines(session: Session, kind: RunKind | None, skip: int, most: int) -> list[Run]:
    """The journal from its newest line on, without the first `skip`."""
    wanted = [col(Run.kind) == kind] if kind else []
    newest_first = (col(Run.started_at).desc(), col(Run.id).desc())
    return list(session.exec(select(Run).where(*wanted).order_by(*newest_first).offset(skip).limit(most)))


def figures(counts: Mapping[str, Any]) -> str:
    """Like "3 new, 12 unchanged": what is not nothing, in the order it was counted."""
    return ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in counts.items() if _counts(value))


def _counts(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(value)
