"""Joining: the form to subscribe, the preview of what a choice would have brought, and the neutral answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from newsletter import db, letters
from newsletter.mail import words
from newsletter.showcase import Shown
from newsletter.web import confirming, forms, stamp
from newsletter.web.forms import Fields, Filled
from newsletter.web.page import Form, first, page
from newsletter.web.site import Site, asker_of, ip_of, site_of
from subscribers import preferences as preference
from subscribers import signup
from subscribers.errors import InvalidPreference
from subscribers.preferences import Preferences

router = APIRouter()
router.include_router(confirming.router)
CONSENT = "I want this newsletter by email. Every mail has a link to change when it comes, and one to stop it."
LABELS = {
    "email": "Email address",
    "topic": "Topics",
    "topics": "Topics of your own",
    "keywords": "Keywords",
    "authors": "Authors",
    "categories": "arXiv categories",
    "orgs": "Organizations",
    "mutes": "Never show",
    "examples": "Papers like these",
    "cadence": "How often",
    "day": "Chosen days",
    "hour": "Hour",
    "timezone": "Time zone",
    "size": "Papers a digest",
    "name": "Name",
}
TRY_AGAIN = {
    "quick": "That was quicker than people usually are. Please press the button once more.",
    "old": "This page was open for more than a day. Please press the button once more.",
    "forged": "Please press the button once more.",
}
MOST_PREVIEWED = 6


@dataclass(frozen=True)
class Chip:
    """One topic to tick: its papers in the last 30 days, and the words that it is also found by."""

    name: str
    count: int
    words: str


@dataclass(frozen=True)
class Group:
    """A topic with all those below it."""

    top: Chip
    below: tuple[Chip, ...]


def choices(site: Site, filled: Filled | None = None, topics: Sequence[str] = ()) -> dict[str, Any]:
    """All that `_subscribe_form.html` needs: fresh with these topics ticked, or as somebody filled it in."""
    form = filled or Filled(start(site) | {"topic": list(topics)})
    return {
        "form": form,
        "labels": LABELS,
        "groups": groups(site),
        "zones": forms.zone_groups(form.value("timezone")),
        "days": forms.DAYS,
        "guess": filled is None,
        "more_open": any(form.value(name).strip() for name in (*forms.LISTS, "mutes", "examples")),
        "consent": CONSENT,
        "friendly": "",
        "brought": None,
        "over": 0,
    }


def start(site: Site) -> dict[str, list[str]]:
    """The fields of a fresh form."""
    return forms.fields_of(_defaults(site), (), site.catalogue)


def groups(site: Site) -> tuple[Group, ...]:
    """The catalogue as it is shown: each topic of the first level with its family."""
    counts = site.showcase.topic_counts()
    found = []
    for top in site.catalogue.children(""):
        family = (topic for topic, _ in site.catalogue.family(top))
        chips = tuple(Chip(each.name, counts.get(each.name, 0), " ".join(each.words)) for each in family)
        found.append(Group(chips[0], chips[1:]))
    return tuple(found)


def brought(site: Site, reading: forms.Reading) -> dict[str, Any]:
    """What this choice would have brought this week, for the template `_preview.html`."""
    shown = site.showcase.would_bring(reading.choices, reading.preferences.size)
    few = [_line(each) for each in shown[:MOST_PREVIEWED]]
    return {"brought": few, "over": len(shown) - len(few)}


@router.get("/subscribe")
def ask(request: Request) -> Response:
    """The form; `?topic=` ticks topics."""
    site = site_of(request)
    if not site.config.signup.open:
        return _closed(request)
    asked = request.query_params.getlist("topic")[: preference.MOST_FOLLOWS]
    known = [topic.name for text in asked if (topic := site.catalogue.find(text))]
    return page(request, "subscribe.html", **choices(site, topics=known))


@router.post("/subscribe")
def join(request: Request, fields: Form) -> Response:
    """Whoever sends the form sees the same page, whether or not we know the address."""
    site = site_of(request)
    if not site.config.signup.open:
        return _closed(request, 403)
    trouble = site.stamps.trouble({name: values[0] for name, values in fields.items()})
    if trouble == "trap":
        return RedirectResponse(site.paths.sent(), 303)
    if trouble:
        return _again(request, fields, friendly=TRY_AGAIN[trouble])
    site.throttle.form(ip_of(request))
    reading = forms.read(fields, site.catalogue, _defaults(site))
    email, errors = address(site, fields)
    if errors := {**errors, **reading.errors}:
        return _again(request, fields, errors)
    with site.evenly():
        site.throttle.room(email)
        with db.writing(site.engine) as session:
            asker, now = asker_of(request, CONSENT), site.clock()
            wanted = signup.join(
                session, email, reading.preferences, reading.choices, asker, site.terms, now, reading.examples
            )
            if wanted:
                letters.put(session, site.letters, site.keys, wanted, now)
                site.throttle.letter(email)
        site.wake()  # also where there is nothing to send: the answer takes the same time
    return RedirectResponse(site.paths.sent(), 303)


@router.post("/subscribe/preview")
def preview(request: Request, fields: Form) -> Response:
    """What this choice would have brought: a fragment for the script, else the whole form. Keeps nothing."""
    site = site_of(request)
    site.throttle.preview(ip_of(request))
    reading = forms.read(fields, site.catalogue, _defaults(site))
    found = brought(site, reading)
    if request.headers.get("x-fragment") == "preview":
        return page(request, "_preview.html", **found)
    return page(request, "subscribe.html", **choices(site, _filled(site, fields, reading.errors)) | found)


@router.get("/subscribe/sent")
def sent(request: Request) -> Response:
    """Check your mail: the same words whatever the case."""
    return page(request, "sent.html", hours=site_of(request).config.signup.confirm_hours)


def address(site: Site, fields: Fields, name: str = "email") -> tuple[str, dict[str, str]]:
    """The address in a field, normalised, or the mistake in it."""
    typed = first(fields, name)
    if not typed.strip():
        return "", {name: "Type your email address."}
    try:
        return site.address(typed), {}
    except InvalidPreference as error:
        return "", {name: forms.words(error)}


def _defaults(site: Site) -> Preferences:
    return Preferences(size=site.config.digest.size)


def _filled(site: Site, fields: Fields, errors: Mapping[str, str]) -> Filled:
    """The form as it was typed; what a shorter form did not ask stands as in a fresh one."""
    kept = {name: values for name, values in start(site).items() if name != "topic"}
    return Filled({**kept, **fields}, errors)


def _again(
    request: Request, fields: Fields, errors: Mapping[str, str] | None = None, friendly: str = ""
) -> Response:
    site = site_of(request)
    shown = choices(site, _filled(site, fields, errors or {})) | {"friendly": friendly}
    if errors:  # a mended slip may be sent at once: this person has shown that it takes them a while
        shown["stamp"] = first(fields, stamp.FIELD)
    return page(request, "subscribe.html", 422, **shown)


def _closed(request: Request, status: int = 200) -> Response:
    return page(request, "paused.html", status)


def _line(shown: Shown) -> dict[str, str]:
    return {
        "key": shown.key,
        "title": words.clean(shown.content["title"]),
        "reason": words.listed(shown.reasons),
    }
