"""What a sender used: wall seconds, CPU seconds of its own process, and memory above what it held before."""

import json
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
PEAK = "5"  # forgets the highest size so far (proc(5), clear_refs)


@dataclass(frozen=True)
class Used:
    """So many messages in so many seconds; `peak` is megabytes above the idle process."""

    messages: int
    seconds: float
    cpu: float
    peak: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def each(self) -> float:
        """Microseconds of CPU a message."""
        return self.cpu / self.messages * 1e6


def measured(work: Callable[[], int]) -> Used:
    """Do the work, which returns how many messages went out, and say what it took."""
    idle = _forget_peak()
    start, cpu = time.perf_counter(), _cpu()
    messages = work()
    seconds, cpu = time.perf_counter() - start, _cpu() - cpu
    return Used(messages, seconds, cpu, _megabytes("VmHWM") - idle)


def tell(used: Used) -> None:
    """Print it for the parent."""
    print(json.dumps(asdict(used)))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _forget_peak() -> float:
    """What the process holds now.

    Not ru_maxrss: that of a child begins with the size of its parent.
    """
    try:
        FORGET.write_text(PEAK, encoding="ascii")
    except OSError:  # no Linux, or no permission: then the peak is that of the whole life
        return _megabytes("VmHWM")
    return _megabytes("VmRSS")


def _megabytes(name: str) -> float:
    """One line of this process's status; 0 where the system has none."""
    if not STATUS.exists():
        return 0.0
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
