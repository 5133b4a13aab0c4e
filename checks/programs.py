"""Real mail programs: Thunderbird on a virtual screen, light and dark; w3m and mutt on a terminal.

Pictures and texts are for people to look at; the check only says whether each program showed the mail.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from checks.letters import Mail
from checks.result import Result, absent, judged, missing

SHOWN = ("digest-10", "confirm")
SCREEN = "1200x1600x24"
PATIENCE = 40  # seconds for Thunderbird to draw; a picture before that may show an empty window
FEWEST_COLOURS = 200  # a window that shows no mail yet has fewer
PREFERENCES = {
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mailnews.start_page.enabled": False,
    "app.donation.eoy.version.viewed": 999,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "mail.phishing.detection.enabled": False,
}
ENVELOPE = b"From papers@example.org Thu Apr 23 14:00:00 2026\n"
DARK = {"ui.systemUsesDarkTheme": 1, "layout.css.prefers-color-scheme.content-override": 0}


def thunderbird(mails: Sequence[Mail], out: Path) -> Result:
    """A picture of each chosen mail, light and dark, below the folder for pictures."""
    if program := absent("thunderbird", "xvfb-run", "import"):
        return missing(f"{program}; apt install thunderbird xvfb imagemagick")
    out.mkdir(parents=True, exist_ok=True)
    faults, pictures = [], []
    for mail in chosen(mails):
        for scheme in ("light", "dark"):
            picture = out / f"thunderbird-{mail.name}-{scheme}.png"
            pictures.append(str(picture))
            _photograph(mail, scheme, picture)
            if not drawn(picture):
                faults.append(f"{picture} shows no mail")
    return judged(f"{len(pictures)} pictures, {len(faults)} empty", faults, pictures)


def chosen(mails: Sequence[Mail]) -> list[Mail]:
    """The mails whose pictures are worth a minute each."""
    return [mail for mail in mails if mail.name in SHOWN]


def seed(folder: Path, scheme: str) -> None:
    """A profile without first-run pages, questions or network."""
    wanted = PREFERENCES | (DARK if scheme == "dark" else {})
    lines = (f'user_pref("{name}", {_spelled(value)});' for name, value in wanted.items())
    (folder / "user.js").write_text("\n".join(lines), encoding="utf-8")


def _spelled(value: object) -> str:
    return (
        str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
    )


def _photograph(mail: Mail, scheme: str, picture: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        seed(Path(place), scheme)
        letter = Path(place) / f"{mail.name}.eml"
        letter.write_bytes(mail.content)
        shoot = (
            f"thunderbird --profile {place} --no-remote {letter} & program=$!; sleep {PATIENCE}; "
            f"import -window root {picture.resolve()}; kill $program; wait $program 2>/dev/null; true"
        )
        command = ("xvfb-run", "-a", "-s", f"-screen 0 {SCREEN}", "sh", "-c", shoot)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        names = {**os.environ, "HOME": place, "MOZ_ENABLE_WAYLAND": "0"}
        subprocess.run(command, check=False, env=names, timeout=PATIENCE + 60, **quiet)  # type: ignore[call-overload] # plain keywords
        time.sleep(1)  # its children let go of the profile


def drawn(picture: Path) -> bool:
    """Whether there is more on it than an empty window."""
    if not picture.exists():
        return False
    with Image.open(picture) as image:
        return image.convert("RGB").getcolors(FEWEST_COLOURS) is None


def readers(mails: Sequence[Mail], out: Path) -> Result:
    """What w3m makes of the HTML parts and mutt of whole messages, kept as texts; and the width of text parts."""
    if program := absent("w3m", "mutt", "script"):
        return missing(f"{program}; apt install w3m mutt bsdutils")
    out.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    for mail in mails:
        faults += [f"{mail.name}: {len(line)} columns: {line[:60]}" for line in wide(mail.text)]
        page = _said(("w3m", "-T", "text/html", "-dump", "-cols", "80"), mail.html.encode())
        (out / f"w3m-{mail.name}.txt").write_text(page, encoding="utf-8")
        first = str(mail.values.get("headline", ""))
        faults += [] if first in page else [f"w3m shows no {first!r} of {mail.name}"]
    for mail in chosen(mails):
        text = _in_mutt(mail)
        (out / f"mutt-{mail.name}.txt").write_text(text, encoding="utf-8")
        faults += [f"mutt lacks: {line}" for line in mail.text.splitlines() if line.strip() not in text]
    return judged(f"{len(faults)} faults in {len(mails)} texts", faults)


def _in_mutt(mail: Mail) -> str:
    """What mutt shows: its pager is a copy, so that nothing waits for a key."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, words in mutt_files(folder).items():
            (folder / name).write_text(words, encoding="utf-8")
        (folder / "pager").chmod(0o755)
        (folder / "box").write_bytes(ENVELOPE + mail.content.replace(b"\r\n", b"\n"))
        line = f"mutt -n -F {folder}/rc -f {folder}/box"
        names = {**os.environ, "HOME": place, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        # An end of input would be a key to mutt, so `script` reads from something that stays open.
        with subprocess.Popen(("sleep", "20"), stdout=subprocess.PIPE) as open_end:
            command = ("script", "-qec", line, "/dev/null")
            subprocess.run(command, check=False, capture_output=True, stdin=open_end.stdout, env=names, timeout=30)
            open_end.kill()
        shown = folder / "shown"
        return shown.read_text(encoding="utf-8", errors="replace") if shown.exists() else ""


def mutt_files(folder: Path) -> dict[str, str]:
    """Settings and pager of a mutt that shows the first message of a box and leaves."""
    settings = (
        f"set folder={folder}",  # else it asks whether to make one
        f"set pager={folder}/pager",
        *("set prompt_after=no", "set wait_key=no", "set quit=yes", "set charset=utf-8", "unset markers"),
        *("alternative_order text/plain", 'push "<display-message><exit>"'),
    )
    return {"rc": "\n".join((*settings, "")), "pager": f'#!/bin/sh\ncp "$1" {folder}/shown\n'}


def wide(text: str, most: int = 72) -> list[str]:
    """The lines over that many columns that are no web address alone."""
    return [line for line in text.splitlines() if len(line) > most and "://" not in line]


def _said(command: Sequence[str], told: bytes) -> str:
    done = subprocess.run(command, input=told, check=True, capture_output=True, timeout=60)
    return done.stdout.decode("utf-8", "replace")
