"""One run of the delivery benchmark: proof first, then rounds in random order, then distance and memory."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from benchmarks.sending import children, far, folder, machine, proof
from benchmarks.sending.children import Trouble
from benchmarks.sending.ratios import Judged, judged, spread, summed
from benchmarks.sending.usage import Used
from benchmarks.sending.ways import WAYS, Bench, sent

FEW = 100_000  # readers up to whom the smaller limit of memory holds
THREADS = 4
TRIPS = (1.15, 1.05)  # one, with room for the work between a reply and the next message
Report = Callable[[str], None]


@dataclass
class Found:
    """Everything that one run found; `notes` say what could not be measured and why."""

    sink: str
    sizes: dict[str, int] = field(default_factory=dict)
    rounds: list[dict[str, Used]] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)
    alone: list[Judged] = field(default_factory=list)
    kept: float | None = None  # round trips a message of smtplib
    notes: list[str] = field(default_factory=list)

    def judged(self) -> list[Judged]:
        return judged(self.rounds) + self.alone

    def as_json(self) -> dict[str, Any]:
        """One document with every figure of every round."""
        return {
            "machine": machine.described(),
            "sink": self.sink,
            "bytes_a_message": self.sizes,
            "load": self.loads,
            "ways": {
                name: {of: vars(each) for of, each in row.items()} for name, row in summed(self.rounds).items()
            },
            "targets": [each.as_json() for each in self.judged()],
            "smtplib_round_trips": self.kept,
            "rounds": [{name: vars(used) for name, used in each.items()} for each in self.rounds],
            "notes": self.notes,
        }


@contextmanager
def noted(what: str, found: Found, report: Report) -> Iterator[None]:
    """What goes wrong with one figure is told and leaves the others alone."""
    try:
        yield
    except Trouble as trouble:
        found.notes.append(f"{what}: left out: {trouble}")
        report(found.notes[-1])


def prove(bench: Bench, names: Sequence[str], found: Found, report: Report) -> list[str]:
    """The ways that work here, by the bytes of their messages; of any other it is told what is missing."""
    for name in names:
        with noted(name, found, report):
            messages = proof.proven(bench, WAYS[name])
            found.sizes[name] = sum(map(len, messages)) // len(messages)
            said = "came" if WAYS[name].filler else "came, were read and verified"
            report(f"{name}: {len(messages)} messages {said}, {found.sizes[name]:,} bytes each")
    return list(found.sizes)


def rounds(bench: Bench, names: Sequence[str], many: int, found: Found, luck: Random, report: Report) -> None:
    """Each way once a round, in an order of its own."""
    for number in range(1, many + 1):
        once = {}
        for name in luck.sample(names, len(names)):
            with noted(f"{name}, round {number}", found, report):
                once[name] = sent(bench, WAYS[name], max(1, round(bench.readers * WAYS[name].share)))
        found.rounds.append({name: once[name] for name in names if name in once})
        found.loads.append(machine.load())
        rates = ", ".join(f"{name} {used.rate:,.0f}" for name, used in found.rounds[-1].items())
        report(f"round {number} of {many}, load {found.loads[-1]:.1f}: {rates} messages/s")


def distance(bench: Bench, count: int, found: Found, report: Report) -> None:
    """Round trips a message at 20 ms, ours and smtplib's."""
    trips = far.ours(bench, count)
    found.alone.append(Judged("round trips a message, 20 ms away", spread([trips]), *TRIPS, least=False))
    found.kept = far.smtplib(bench, proof.proven(bench, WAYS["usual"]), count // 2)
    report(f"20 ms away: {trips:.2f} round trips a message; smtplib, connection kept: {found.kept:.2f}")


def memory(bench: Bench, readers: int, found: Found, report: Report) -> None:
    """The peak of a run for so many readers, in megabytes above the idle process."""
    report(f"memory: planning an edition for {readers:,} readers")
    with children.own_sink() as sink, bench.run(port=sink.port, readers=readers, connections=THREADS) as place:
        shutil.rmtree(folder.planned(bench.scratch, readers))
        used = children.sender("ours", place)
    most = 100.0 if readers <= FEW else 150.0
    found.alone.append(Judged(f"MB above idle, {readers:,} readers", spread([used.peak]), most, 60, least=False))
    report(f"memory: {used.peak:.0f} MB above idle for {readers:,} readers, {used.rate:,.0f} messages/s")
