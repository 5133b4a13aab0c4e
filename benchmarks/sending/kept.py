"""Finished messages through smtplib on a kept connection: `python -m benchmarks.sending.kept FOLDER PORT N`."""

import smtplib
import sys
from itertools import cycle, islice
from pathlib import Path

from benchmarks.sending.usage import measured, tell

SENDER, RECIPIENT = "papers@news.example.org", "reader@example.net"


def main() -> None:
    """Send the files of this folder, again and again until there were so many, and say what it took."""
    place, port, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    messages = [path.read_bytes() for path in sorted(place.glob("*.eml"))]

    def work() -> int:
        server = smtplib.SMTP("127.0.0.1", port)
        for content in islice(cycle(messages), count):
            server.sendmail(SENDER, [RECIPIENT], content)
        server.quit()
        return count

    tell(measured(work))


if __name__ == "__main__":
    main()
