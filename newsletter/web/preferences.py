"""A reader's preferences: topics, words, authors, when and how much; pause, change of address, own data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import Response

from newsletter import db, examples, learned, letters
from newsletter.mail import words
from newsletter.web import forms, joining, standing
from newsletter.web.forms import Fields, Filled
from newsletter.web.page import Form, first, number_in, secret_page
from newsletter.web.site import Site, asker_of, ip_of, site_of
from newsletter.web.standing import Said
from subscribers import asking, erasure, people, signup
from subscribers import preferences as preference
from subscribers.addresses import redacted
from subscribers.errors import InvalidPreference
from subscribers.models import CONFIRMED, Subscriber
from subscribers.tokens import Purpose

router = APIRouter()
LONGEST_PAUSE = timedelta(days=3 * 366)
CHANGE_WORDING = "Send my digest to this address instead."
DATA_WORDING = "Send me the link to my data."
LABELS = joining.LABELS | {"until": "Pause until", "new_email": "New email address"}

Act = Callable[[Session, Subscriber], Response]


@router.get("/p/{token}")
def show(request: Request, token: str) -> Response:
    """Everything a reader chose, in one form."""
    number = number_in(request, Purpose.PREFERENCES, token)
    with Session(site_of(request).engine) as session:
        return page(request, session, session.get(Subscriber, number))


@router.post("/p/{token}")
def save(request: Request, token: str, fields: Form) -> Response:
    """Take over the whole form, or nothing where a field cannot be used; of two forms the later one stays."""
    site = site_of(request)

    def act(session: Session, reader: Subscriber) -> Response:
        before = preference.of(reader), people.choices_of(reader)
        reading = forms.read(fields, site.catalogue, before[0])
        if reading.errors:
            return page(request, session, reader, wrong=reading.errors, typed=fields)
        try:
            new = examples.keep(session, reader.id, reading.examples, site.clock())
        except InvalidPreference as error:
            return page(request, session, reader, wrong={"examples": forms.words(error)}, typed=fields)
        people.choose(reader, reading.preferences, reading.choices)
        session.flush()
        changed = (
            *standing.changes(before, (reading.preferences, reading.choices)),
            *([f"{words.counted(new, 'paper')} added to those you like."] if new else []),
        )
        return page(
            request, session, reader, done=("Saved.", *changed) if changed else ("Saved. Nothing was different.",)
        )

    return changing(request, token, act)


@router.post("/p/{token}/pause")
def pause(request: Request, token: str, fields: Form) -> Response:
    """Send nothing until a day of the reader's own calendar, or until they resume."""
    now = site_of(request).clock()

    def act(session: Session, reader: Subscriber) -> Response:
        try:
            signup.pause(session, reader, _end(first(fields, "until"), reader, now), now)
        except InvalidPreference as error:
            return page(request, session, reader, wrong={"until": forms.words(error)}, typed=fields)
        return page(request, session, reader, done=(f"Paused {standing.pause_words(reader, now)}.",))

    return changing(request, token, act)


@router.post("/p/{token}/resume")
def resume(request: Request, token: str, fields: Form) -> Response:
    """End a pause."""
    del fields  # asked for so that it is checked where it came from
    now = site_of(request).clock()

    def act(session: Session, reader: Subscriber) -> Response:
        signup.resume(session, reader, now)
        return page(
            request, session, reader, done=(f"Your next digest comes on {standing.next_words(reader, now)}.",)
        )

    return changing(request, token, act)


@router.post("/p/{token}/address")
def address(request: Request, token: str, fields: Form) -> Response:
    """Ask both mailboxes whether the digest is to move; the answer does not tell who else reads this."""
    site = site_of(request)
    site.throttle.form(ip_of(request))
    email, wrong = joining.address(site, fields, "new_email")

    def act(session: Session, reader: Subscriber) -> Response:
        if wrong:
            return page(request, session, reader, wrong=wrong, typed=fields)
        site.throttle.room(email)
        asker, now = asker_of(request, CHANGE_WORDING), site.clock()
        try:
            wanted = signup.ask_change(session, reader, email, asker, site.terms, now)
        except InvalidPreference:  # their own address, which the page does not show: a guess is not confirmed
            wanted = ()
        for each in wanted:
            letters.put(session, site.letters, site.keys, each, now)
            site.throttle.letter(each.address)
        return page(request, session, reader, done=_asked_change(site))

    return _waking(site, changing(request, token, act))


@router.post("/p/{token}/data")
def data(request: Request, token: str, fields: Form) -> Response:
    """Mail the link to the reader's own data, also to who has left.

    By mail because this page's address is in every mail that they may have passed on.
    """
    del fields  # asked for so that it is checked where it came from
    site = site_of(request)
    site.throttle.form(ip_of(request))

    def act(session: Session, reader: Subscriber) -> Response:
        asker, now = asker_of(request, DATA_WORDING), site.clock()
        wanted = erasure.ask_data(session, reader, asker, site.terms, now)
        if wanted:
            letters.put(session, site.letters, site.keys, wanted, now)
        told = _asked_data(site, reader)
        if standing.closed(reader, site.paths):
            return secret_page(request, "said.html", said=Said("Check your mail", told))
        return page(request, session, reader, done=told)

    return _waking(site, changing(request, token, act, _reads_or_left))


def _reads(_: Session, reader: Subscriber) -> bool:
    return reader.status in CONFIRMED


def _reads_or_left(session: Session, reader: Subscriber) -> bool:
    return _reads(session, reader) or erasure.may_ask_data(session, reader)


def changing(
    request: Request, token: str, act: Act, may: Callable[[Session, Subscriber], bool] = _reads
) -> Response:
    """What the act answers, with the reader locked; a page that says why where there is nobody to act for."""
    number, site = number_in(request, Purpose.PREFERENCES, token), site_of(request)
    with db.writing(site.engine) as session:
        reader = asking.lock(session, number)
        if reader is None or not may(session, reader):
            return page(request, session, reader)
        return act(session, reader)


def _waking(site: Site, answer: Response) -> Response:
    site.wake()
    return answer


def page(
    request: Request,
    session: Session,
    reader: Subscriber | None,
    done: Sequence[str] = (),
    wrong: Mapping[str, str] | None = None,
    typed: Fields | None = None,
    undo: str = "",
) -> Response:
    """The form as it stands; with mistakes, as it was typed. `undo` takes back what was just forgotten."""
    site = site_of(request)
    said = standing.closed(reader, site.paths)
    if reader is None or said:
        if reader is not None and said and erasure.may_ask_data(session, reader):
            said = replace(said, sends=((DATA_WORDING, site.paths.preferences(reader.id, "data")),))
        return secret_page(request, "said.html", 410, said=said)
    now = site.clock()
    stored = forms.fields_of(preference.of(reader), people.choices_of(reader), site.catalogue)
    # A part of the page was sent alone: the rest stands as it is stored.
    shown = typed if typed and "cadence" in typed else {**stored, **(typed or {})}
    form = Filled(shown, wrong or {})
    return secret_page(
        request,
        "preferences.html",
        422 if wrong else 200,
        form=form,
        labels=LABELS,
        groups=joining.groups(site),
        weighed=[topic.name for topic in site.catalogue.topics if form.follows(topic.name)],
        zones=forms.zone_groups(form.value("timezone")),
        days=forms.DAYS,
        more_open=any(form.value(name).strip() for name in (*forms.LISTS, "mutes")),
        done=done,
        mailbox=redacted(reader.email),
        next=standing.next_words(reader, now),
        paused=standing.pause_words(reader, now),
        earliest=now.date().isoformat(),
        reader_id=reader.id,
        change=CHANGE_WORDING,
        learned=learned.of(session, reader.id, site.catalogue, now),
        undo=undo,
    )


def _end(text: str, reader: Subscriber, now: datetime) -> datetime | None:
    until = preference.parse_paused_until(text, reader.timezone)
    if until is not None and until > now + LONGEST_PAUSE:
        raise InvalidPreference("until", text, "give a day within three years, or none to pause without an end")
    return until


def _asked_change(site: Site) -> tuple[str, ...]:
    return (
        "Look into both mailboxes, the present one and the new one.",
        "The address changes when both have said yes. Until then everything stays as it is.",
        f"We write about this only once in {_hours(site)}, and not to an address that must not get our mail.",
    )


def _asked_data(site: Site, reader: Subscriber) -> tuple[str, ...]:
    return (
        f"Look into your mailbox, {redacted(reader.email)}: the link to your data comes there.",
        f"If you asked before, that letter still works: we send one in {_hours(site)}.",
    )


def _hours(site: Site) -> str:
    return words.counted(round(site.config.signup.cool_down_hours) or 1, "hour")
