"""How long compiling a template and making a ten-paper mail take, in processor time."""

import time
from collections.abc import Callable, Sequence

from benchmarks import render
from checks.letters import TEMPLATES, Mail
from checks.result import Result, judged
from newsletter.mail.source import read
from newsletter.mail.template import HTML, compile_mjml
from newsletter.mail.theme import PLAIN

COMPILE, RENDER = 50.0, 0.5  # milliseconds
ROUNDS = 15


def check(mails: Sequence[Mail]) -> Result:  # noqa: ARG001 - a checker gets the mails; the benchmark makes its own
    """Compile at most 50 ms; a message with both parts at most 0.5 ms, as benchmarks/render.py measures it."""
    source = read("digest.mjml", [TEMPLATES], PLAIN.theme, PLAIN.speech.say)
    compiling = milliseconds(lambda: HTML.from_string(compile_mjml(source)))
    return verdict(compiling, render.measure()["envelope_us"] / 1e3)


def milliseconds(work: Callable[[], object]) -> float:
    """The least of the rounds: what others do on the machine only ever adds."""
    took = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        work()
        took.append((time.thread_time() - start) * 1e3)
    return min(took)


def verdict(compiling: float, rendering: float) -> Result:
    """Both beside their bars."""
    faults = [f"compiling takes {compiling:.1f} ms"] if compiling > COMPILE else []
    faults += [f"rendering takes {rendering:.2f} ms"] if rendering > RENDER else []
    return judged(f"compile {compiling:.1f} ms, render {rendering:.2f} ms", faults)
