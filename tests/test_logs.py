"""The log: lines for people or as JSON, with their occasion, without addresses, tokens and values."""

import io
import json
import logging
import re

import pytest
import stamina
import structlog
from hypothesis import given
from hypothesis import strategies as st

from newsletter import admin_access, logs
from subscribers import tokens

KEYS = ("a secret of thirty-two characters",)
TOKEN = tokens.sign(tokens.Purpose.UNSUBSCRIBE, 7, KEYS)


@pytest.fixture(autouse=True)
def _as_before():
    """What other tests log is none of ours."""
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in logs.LIBRARIES}
    yield
    structlog.reset_defaults()
    for handler in [each for each in root.handlers if isinstance(each, logs._Ours)]:
        root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def written(shape, level="info"):
    stream = io.StringIO()
    logs.configure(shape, level, stream)
    return stream


def documents(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_its_time_level_event_and_what_is_known():
    stream = written("json")

    structlog.get_logger().info("sent", count=3, quick=True, when=None)

    (line,) = documents(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {"event": "sent", "level": "info", "count": 3, "quick": True, "when": None}


def test_people_get_a_line_without_colours_where_no_terminal_is():
    stream = written("console")

    structlog.get_logger().warning("source failed", source="arXiv", reason="no answer")

    line = stream.getvalue()
    assert re.match(r"\d{4}-\d\d-\d\dT\S+Z \[warning *\] source failed +reason='no answer' source=arXiv\n", line)


@pytest.mark.parametrize(
    ("level", "events"), [("debug", "abcd"), ("info", "bcd"), ("error", "d"), ("critical", "")]
)
def test_lines_below_the_level_are_left_out(level, events):
    stream = written("json", level)
    log = structlog.get_logger()

    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")

    assert "".join(line["event"] for line in documents(stream)) == events


def test_what_happens_on_an_occasion_says_so_and_no_longer():
    stream = written("json")
    log = structlog.get_logger()

    with logs.occasion(step="send", edition="2026-11-23"):
        with logs.occasion(delivery=7):
            log.info("inner")
        log.info("outer")
    log.info("after")

    inner, outer, after = documents(stream)
    assert (inner["step"], inner["edition"], inner["delivery"]) == ("send", "2026-11-23", 7)
    assert (outer["edition"], "delivery" in outer) == ("2026-11-23", False)
    assert after.keys() == {"timestamp", "level", "event"}


@pytest.mark.parametrize("shape", ["console", "json"])
def test_no_address_and_no_token_is_written_wherever_it_stands(shape):
    stream = written(shape)
    login = admin_access.secrets.token_urlsafe(32)

    structlog.get_logger().info(
        f"mail for ada@example.org at /u/{TOKEN}",
        path=f"/papers/p/{TOKEN}/pause",
        login=f"https://papers.test/admin/login/{login}",
        to=["Ada <ada@example.org>", {"ada@example.org": ("ada@example.org",)}],
        error=ValueError("550 ada@example.org unknown"),
    )

    line = stream.getvalue()
    assert "ada@" not in line
    assert TOKEN[3:] not in line
    assert login not in line
    assert line.count("a…@example.org") == 5


@given(st.integers(min_value=1, max_value=10**12), st.sampled_from(tokens.Purpose))
def test_no_token_of_ours_is_written(number, purpose):
    token = tokens.sign(purpose, number, KEYS)

    hidden = logs.without_secrets(None, "info", {"event": f"GET /x/{token}/y"})

    assert hidden == {"event": f"GET /x/{number}.…/y"}


def fail_with(value):
    raise RuntimeError(f"cannot write to {value}")


@pytest.mark.parametrize("shape", ["console", "json"])
def test_a_traceback_shows_places_and_no_values(shape):
    stream = written(shape)
    private = "ada@example.org"

    try:
        fail_with(private)
    except RuntimeError:
        structlog.get_logger().exception("render failed")

    text = stream.getvalue()
    assert "RuntimeError: cannot write to a…@example.org" in text
    assert "in fail_with" in text
    assert private not in text


@pytest.mark.parametrize("name", ["uvicorn.error", "apscheduler.scheduler", "sqlalchemy.pool", "somebody.else"])
def test_warnings_of_libraries_come_in_the_same_form_and_their_chatter_does_not(name):
    stream = written("json", "debug")

    logging.getLogger(name).info("all is well")
    logging.getLogger(name).warning("slow answer to %s", "ada@example.org")

    (line,) = documents(stream)
    assert (line["event"], line["level"]) == ("slow answer to a…@example.org", "warning")
    assert line.keys() == {"event", "level", "timestamp"}


def test_a_fault_inside_a_library_has_its_traceback_in_one_line_of_json():
    stream = written("json")

    try:
        fail_with("ada@example.org")
    except RuntimeError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")

    (line,) = documents(stream)
    assert line["event"] == "Exception in ASGI application"
    assert "RuntimeError: cannot write to a…@example.org" in line["exception"]


def test_setting_the_log_up_again_doubles_nothing():
    first, second = written("json"), written("json", "error")

    logging.getLogger("uvicorn").error("one")
    logging.getLogger("uvicorn").warning("none")
    structlog.get_logger().error("two")

    assert first.getvalue() == ""
    assert [line["event"] for line in documents(second)] == ["one", "two"]


def test_short_commands_leave_libraries_alone():
    stream = io.StringIO()
    before = list(logging.getLogger().handlers)

    logs.for_command("critical", stream)
    structlog.get_logger().error("quiet")
    structlog.get_logger().critical("loud", to="ada@example.org")

    assert "quiet" not in stream.getvalue()
    assert "a…@example.org" in stream.getvalue()
    assert logging.getLogger().handlers == before


def test_a_question_that_is_asked_again_is_one_plain_line():
    stream = io.StringIO()
    logs.for_command("info", stream)

    for attempt in stamina.retry_context(on=ValueError, attempts=2, wait_initial=0, wait_jitter=0):
        with attempt:
            if attempt.num == 1:
                raise ValueError("no answer for ada@example.org")

    assert "asked again" in stream.getvalue()
    assert "no answer for a…@example.org" in stream.getvalue()
    assert "callable" not in stream.getvalue()
