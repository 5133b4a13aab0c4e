"""A crew: several connections at work at once, a thread each, until nothing is due or they are told to end."""

import threading
from collections.abc import Callable

LOOK_SECONDS = 5.0  # between two looks of a connection that has nothing to do while another is at work
LAST_WORDS_SECONDS = 1.0


class Stop:
    """How runs are told to end, from any thread: no further message is begun, those in hand may be finished.

    Whoever waits for a server for more than `patience` seconds then is cut off.
    """

    def __init__(self, patience: float = 6.0) -> None:
        self.patience = patience
        self.asked = False
        self.turn = threading.Condition()

    def ask(self) -> None:
        with self.turn:
            self.asked = True
            self.turn.notify_all()


class Crew:
    """The connections of one run, a thread each: who still works, who rests for there is nothing due."""

    def __init__(self, connections: int, stop: Stop) -> None:
        self.stop, self._turn = stop, stop.turn
        self._left = self._busy = connections
        self.broken: list[BaseException] = []
        self.cut = False  # nobody waits for anything any more

    @property
    def over(self) -> bool:
        return self.stop.asked or bool(self.broken)

    def begin(self, work: Callable[[int], None], number: int) -> None:
        """Daemons: a process that ends must not wait for a server that does not answer."""
        threading.Thread(target=self._do, args=(work, number), name=f"send {number}", daemon=True).start()

    def _do(self, work: Callable[[int], None], number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - the run raises it again
            self.broken.append(error)
        finally:
            with self._turn:
                self._left -= 1
                self._turn.notify_all()

    def rest(self) -> bool:
        """Wait for something new while others are at work; False when nobody is, or the run is over.

        A server may think for ten minutes about one message: what comes meanwhile goes out over the others.
        """
        with self._turn:
            self._busy -= 1
            if not self._busy:
                self._turn.notify_all()
            self._turn.wait_for(lambda: self.over or not self._busy, LOOK_SECONDS)
            going_on = self._busy > 0 and not self.over
            self._busy += going_on
            return going_on

    def leave(self) -> None:
        """One connection has nothing more to do, whatever is due."""
        with self._turn:
            self._busy -= 1
            self._turn.notify_all()

    def pause(self, seconds: float) -> None:
        """Wait a moment; less when the run is told to end."""
        with self._turn:
            if not self.over:
                self._turn.wait_for(lambda: self.over, seconds)
            elif not self.cut:
                self._turn.wait_for(lambda: self.cut, seconds)

    def ended(self) -> bool:
        """Wait until all are done, or were told to end and had the time for it; whether all are done."""
        with self._turn:
            try:
                self._turn.wait_for(lambda: self.over or not self._left)
            except KeyboardInterrupt:
                self.stop.asked = True
                self._turn.notify_all()
            try:
                return self._turn.wait_for(lambda: not self._left, self.stop.patience)
            except KeyboardInterrupt:  # the second one: at once
                return False

    def give_up(self) -> None:
        """Wait a moment for those who were cut off to write down what they know."""
        with self._turn:
            self.cut = True
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._left, LAST_WORDS_SECONDS)
