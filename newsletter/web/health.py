"""For machines that watch: whether the process lives, whether it is ready, and figures for Prometheus."""

import ipaddress
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select
from starlette.responses import JSONResponse, Response

from newsletter import __version__, db, journal
from newsletter.doctor import machine, public, record
from newsletter.errors import DatabaseError
from newsletter.ledger import DIGEST, IS_LETTER
from newsletter.models import Delivery, SourceState, State
from newsletter.record_models import Hold, HoldState
from newsletter.web.page import notice
from newsletter.web.site import Site, ip_of, site_of
from subscribers.models import Status, Subscriber

router = APIRouter()
FRESH_SECONDS = 5.0
UNKEPT = {"Cache-Control": "no-store"}
OK, NOT_READY = "ok", "not ready"


@router.get("/healthz")
def alive() -> Response:
    """The process lives; nothing else is asked."""
    return JSONResponse({"status": OK, "name": public.NAME, "version": __version__}, headers=UNKEPT)


@router.get("/readyz")
def ready(request: Request) -> Response:
    """Whether the newsletter does its work; 503 names what keeps it from that."""
    checks = examined(site_of(request))
    good = all(said == OK for said in checks.values())
    return JSONResponse({"status": OK if good else NOT_READY, "checks": checks}, 200 if good else 503, UNKEPT)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """The figures, for the clients that web.metrics_from names."""
    site = site_of(request)
    if not allowed(ip_of(request), site.config.web.metrics_from):
        words = "The figures of this newsletter are for its own machines: web.metrics_from names them."
        return notice(request, "Not from here", words, status=403)
    state = request.app.state
    if not hasattr(state, "figures"):
        state.figures = Figures(site)
    return Response(state.figures.text(), media_type=CONTENT_TYPE_LATEST, headers=UNKEPT)


def allowed(ip: str, networks: Sequence[str]) -> bool:
    """Whether this client's address lies in one of these networks."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in ipaddress.ip_network(network) for network in networks)


def real_time(site: Site) -> datetime:
    """Now by the real clock, which leases and ticks go by; the site's calendar may be moved."""
    return datetime.fromtimestamp(site.seconds(), UTC)


def examined(site: Site) -> dict[str, str]:
    """Each check by name: "ok", or in a few words what is wrong. Nothing of it is secret."""
    try:
        if (revision := db.revision(site.engine)) != db.HEAD:
            return {"migrations": f"the tables are at revision {revision or 'none'}, the program's at {db.HEAD}"}
        writable = "the database cannot be written" if machine.why_not_writable(site.engine) else OK
        with Session(site.engine) as session:
            return {"migrations": OK, "database": writable} | _work(session, site)
    except (SQLAlchemyError, DatabaseError):
        return {"database": "the database cannot be read"}


def _work(session: Session, site: Site) -> dict[str, str]:
    now, config = real_time(site), site.config
    late = record.overdue(session, now, config.schedule.tick_seconds)
    stuck = record.abandoned(session, now, timedelta(seconds=config.delivery.lease_seconds))
    return {
        "tick": "the last tick was too long ago" if late else OK,
        "leases": f"{stuck} deliveries are in the hands of a sender that is gone" if stuck else OK,
    }


class Figures(Collector):
    """The figures as Prometheus reads them, asked of the database at most every five seconds."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        self._lock = threading.Lock()
        self._text, self._until = b"", float("-inf")

    def text(self) -> bytes:
        """The figures in Prometheus' text format."""
        with self._lock:
            if self._site.seconds() >= self._until:
                self._text = generate_latest(self._registry)
                self._until = self._site.seconds() + FRESH_SECONDS
            return self._text

    def describe(self) -> Iterator[Metric]:
        """No names beforehand: the database is not asked when nobody wants figures."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every figure of the newsletter."""
        now = real_time(self._site)
        with Session(self._site.engine) as session:
            for family in (_deliveries, _queue, _subscribers, _sources, _record):
                yield from family(session, now)


def _deliveries(session: Session, _: datetime) -> Iterator[Metric]:
    yield _gauge(
        "newsletter_deliveries", "Deliveries by state and letter", ("state", "letter"), by_letter(session)
    )


def by_letter(session: Session) -> dict[tuple[str, ...], float]:
    """How many deliveries there are of each state and letter.

    Digests are all that the few other letters leave, so that indexes alone are read: nobody waits while a
    million rows are looked through.
    """
    state, letter = col(Delivery.state), col(Delivery.letter)
    totals = dict(iter(session.exec(select(state, func.count()).group_by(state))))
    others = session.exec(select(state, letter, func.count()).where(IS_LETTER).group_by(state, letter)).all()
    found: dict[tuple[str, ...], float] = {(each.value, DIGEST): totals.get(each, 0) for each in State}
    for each, name, count in others:
        found[each.value, name] = count
        found[each.value, DIGEST] -= count
    return found


def _queue(session: Session, now: datetime) -> Iterator[Metric]:
    due = (col(Delivery.state).in_(record.QUEUED), col(Delivery.not_before) <= now)
    depth, oldest = session.exec(select(func.count(), func.min(Delivery.not_before)).where(*due)).one()
    yield _one("newsletter_queue_depth", "Deliveries that are due and wait to be sent", depth)
    seconds = (now - oldest).total_seconds() if depth else 0
    yield _one("newsletter_oldest_due_seconds", "For how long the oldest of them is due", seconds)


def _subscribers(session: Session, _: datetime) -> Iterator[Metric]:
    status = col(Subscriber.status)
    found = dict(iter(session.exec(select(status, func.count()).group_by(status))))
    counts: dict[tuple[str, ...], float] = {(each.value,): found.get(each, 0) for each in Status}
    yield _gauge("newsletter_subscribers", "Subscribers by status", ("status",), counts)


def _sources(session: Session, _: datetime) -> Iterator[Metric]:
    rows = session.exec(select(SourceState.name, SourceState.last_success_at, SourceState.last_news_at)).all()
    for name, words, moments in (
        ("success", "When a source was last read", {(row[0],): row[1] for row in rows}),
        ("news", "When a source last brought a new paper", {(row[0],): row[2] for row in rows}),
    ):
        counts: dict[tuple[str, ...], float] = {key: when.timestamp() for key, when in moments.items() if when}
        yield _gauge(f"newsletter_source_last_{name}_timestamp_seconds", words, ("source",), counts)


def _record(session: Session, _: datetime) -> Iterator[Metric]:
    if ticked := journal.marked(session, journal.TICKED):
        name = "newsletter_last_tick_timestamp_seconds"
        yield _one(name, "When the clock of scheduled sends last went", ticked.timestamp())
    held = select(func.count()).select_from(Hold).where(col(Hold.state) == HoldState.HELD)
    yield _one("newsletter_holds", "Editions that are held and wait for the admin", session.exec(held).one())


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _gauge(name: str, words: str, labels: Sequence[str], counts: dict[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=labels)
    for key, value in counts.items():
        family.add_metric(key, value)
    return family
