"""The public half of the JSON API: papers, topics, past editions."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from newsletter.web.api_answers import KEPT, Answering, refusals
from newsletter.web.api_models import Archive, Asked, PaperInFull, Papers, PastEdition, Topic, TopicsListed
from newsletter.web.api_shown import paper_in_full, paper_of, papers_of
from newsletter.web.site import Site, site_of
from subscribers import topics
from subscribers.errors import InvalidPreference

router = APIRouter(route_class=Answering, tags=["papers"])


@router.get("/papers", responses=refusals(422))
def papers(request: Request, response: Response, asked: Annotated[Asked, Query()]) -> Papers:
    """The papers of a period, hottest first: all of them, or those of one topic and its subtopics.

    A day and a week are ordered by what is climbing now, a month by the votes that it brought.
    """
    site = site_of(request)
    response.headers.update(KEPT)
    return papers_of(site.showcase.trending(asked.period, _topic(site, asked.topic), asked.limit), site.links)


@router.get("/papers/{key:path}", responses=refusals(404))
def paper(
    request: Request,
    response: Response,
    key: Annotated[str, Path(description="Such as arxiv:2405.17247; a DOI keeps its slashes.")],
) -> PaperInFull:
    """One paper with its abstract, by any key that it is known under."""
    site = site_of(request)
    shown = site.showcase.paper(key)
    if shown is None:
        raise HTTPException(404, "There is no paper of this key: /papers lists those that are new.")
    response.headers.update(KEPT)
    return paper_in_full(shown, site.links)


@router.get("/topics")
def catalogue(request: Request, response: Response) -> TopicsListed:
    """The topics that readers choose from, each with the number of its papers; any other text is a topic, too."""
    site = site_of(request)
    counts = site.showcase.topic_counts()
    response.headers.update(KEPT)
    listed = [
        Topic(name=each.name, parent=each.parent or None, papers=counts[each.name])
        for each in site.catalogue.topics
    ]
    return TopicsListed(topics=listed)


@router.get("/archive")
def archive(request: Request, response: Response) -> Archive:
    """The days on which an edition went out, newest first."""
    response.headers.update(KEPT)
    return Archive(days=site_of(request).showcase.edition_days())


@router.get("/archive/{day}", responses=refusals(404, 422))
def edition(request: Request, response: Response, day: date) -> PastEdition:
    """What was trending on the day of an edition: the same for everybody, no reader's own picks."""
    site = site_of(request)
    found = site.showcase.edition(day)
    if found is None:
        raise HTTPException(404, f"No edition went out on {day}: /archive lists the days of those that did.")
    response.headers.update(KEPT)
    listed = [paper_of(each, site.links) for each in found.papers]
    return PastEdition(day=day, page=site.links.archive(day.isoformat()), papers=listed)


def _topic(site: Site, name: str) -> topics.Topic | None:
    """The topic of this name, None for ""; InvalidPreference names those that are near."""
    found = site.catalogue.find(name)
    if name and found is None:
        near = " or ".join(repr(each) for each in site.catalogue.suggest(name, most=2))
        cure = f"give {near}" if near else "/topics lists those that there are"
        raise InvalidPreference("topic", name, cure)
    return found
