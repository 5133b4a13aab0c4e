"""The catalogue of topics as an admin page: who follows each, and how many papers there are of it."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlmodel import Session, col, func, select
from starlette.responses import Response

from newsletter.web.admin_page import LoggedIn, admin_page
from newsletter.web.plot import Series, bars
from newsletter.web.site import Site, site_of
from subscribers.models import CONFIRMED, Follow, FollowKind, Subscriber
from subscribers.topics import Catalogue

router = APIRouter()
MOST_FREE = 20
MOST_PLOTTED = 20
FOLLOWED = (
    col(Follow.kind) == FollowKind.TOPIC,
    col(Follow.weight) > 0,
    col(Subscriber.status).in_(CONFIRMED),
)


@dataclass(frozen=True)
class TopicShown:
    """One topic of the catalogue; `papers` match it within the last 30 days."""

    name: str
    parent: str
    followers: int
    papers: int


@router.get("/admin/topics")
def topics(request: Request, admin: LoggedIn) -> Response:
    """The catalogue in its order, the most followed ones as a plot, and the topics in readers' own words."""
    site = site_of(request)
    with Session(site.engine) as session:
        followers = counted(session, site.catalogue)
        free = in_own_words(session, site.catalogue)
    rows = shown(site, followers)
    most = sorted((each for each in rows if each.followers), key=lambda each: (-each.followers, each.name))
    few = most[:MOST_PLOTTED]
    values = Series("Readers", tuple(each.followers for each in few))
    names = [each.name for each in few]
    return admin_page(
        request,
        admin,
        "admin_topics.html",
        rows=rows,
        free=free,
        popular=bars("popular", "The topics that most readers follow", "Topic", names, [values]) if few else None,
        section="topics",
    )


def shown(site: Site, followers: dict[str, int]) -> list[TopicShown]:
    """Each topic of the first level with those below it."""
    papers, catalogue = site.showcase.topic_counts(), site.catalogue
    return [
        TopicShown(each.name, each.parent, followers.get(each.name, 0), papers.get(each.name, 0))
        for top in catalogue.children("")
        for each in (top, *catalogue.children(top.name))
    ]


def counted(session: Session, catalogue: Catalogue) -> dict[str, int]:
    """Readers who said yes, by the topic of the catalogue that they follow."""
    asked = (
        select(Follow.value, func.count())
        .join(Subscriber, col(Subscriber.id) == col(Follow.subscriber_id))
        .where(*FOLLOWED, col(Follow.value).in_(_names(catalogue)))
        .group_by(col(Follow.value))
    )
    return dict(iter(session.exec(asked)))


def in_own_words(session: Session, catalogue: Catalogue) -> list[tuple[str, int]]:
    """The topics outside the catalogue that most readers follow."""
    asked = (
        select(Follow.value, func.count())
        .join(Subscriber, col(Subscriber.id) == col(Follow.subscriber_id))
        .where(*FOLLOWED, col(Follow.value).not_in(_names(catalogue)))
        .group_by(col(Follow.value))
        .order_by(func.count().desc(), col(Follow.value))
    )
    return list(session.exec(asked.limit(MOST_FREE)))


def _names(catalogue: Catalogue) -> list[str]:
    return [each.name for each in catalogue.topics]
