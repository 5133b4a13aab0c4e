"""A beat: something small that is done again and again in a thread, for as long as a block lasts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

log = structlog.get_logger(__name__)


@contextmanager
def beating(engine: Engine, name: str, lease: timedelta, renew: Callable[[Session], object]) -> Iterator[None]:
    """Call `renew` three times in a lease, each time with a session of its own; what fails is tried again."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(lease.total_seconds() / 3):
            try:
                with Session(engine) as session:
                    renew(session)
            except SQLAlchemyError as error:  # the next beat may get through before the lease ends
                log.warning("lease not renewed", of=name, reason=str(error))

    thread = threading.Thread(target=beat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
