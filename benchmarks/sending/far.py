"""How often a sender waits for a distant server: round trips a message, where replies come late."""

from pathlib import Path

from benchmarks.sending import children, distance
from benchmarks.sending.ways import Bench

SECONDS = 0.02


def ours(bench: Bench, count: int) -> float:
    """The product, signed, over one connection."""
    with children.own_sink() as sink, children.distant(sink.port, SECONDS) as port:
        trip = distance.round_trip(port)
        with bench.run(port=port, readers=count) as place:
            children.sender("ours", place)
    return trips(sink.received["gap"], trip)


def smtplib(bench: Bench, messages: list[bytes], count: int) -> float:
    """Finished messages by smtplib over a kept connection."""
    folder = bench.scratch / "finished"
    _write(folder, messages)
    with children.own_sink() as sink, children.distant(sink.port, SECONDS) as port:
        trip = distance.round_trip(port)
        children.sender("kept", folder, port, count)
    return trips(sink.received["gap"], trip)


def trips(gap: float, trip: float) -> float:
    """Round trips a message: the seconds from one final dot to the next, by those of a round trip."""
    return gap / trip


def _write(folder: Path, messages: list[bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(messages):
        (folder / f"{number:04}.eml").write_bytes(content)
