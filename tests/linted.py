"""A message that lint finds nothing wrong with, and what makes others of it."""

import quopri

HEAD = {
    "Date": "Thu, 23 Apr 2026 05:00:00 +0000",
    "From": "Papers <papers@newsletter.example>",
    "To": "Ada <ada@example.org>",
    "Message-ID": "<1.abc@newsletter.example>",
    "Subject": "Ten papers for you",
    "List-Id": "Papers <digest.papers.newsletter.example>",
    "List-Unsubscribe": "<https://newsletter.example/u/token>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Auto-Submitted": "auto-generated",
    "MIME-Version": "1.0",
    "Content-Type": 'multipart/alternative; boundary="=_b"',
}
TEXT = """Ten papers for you, each with a sentence about it.

Settings: https://newsletter.example/p/token
Unsubscribe: https://newsletter.example/u/token
"""
HTML = """<!DOCTYPE html>
<html lang="en" dir="ltr"><head><title>Papers</title><style>@media (prefers-color-scheme:dark){
body{background-color:#101115 !important}
.ink{color:#f4f3f0 !important}
.link{color:#ff9d6b !important}
}</style></head>
<body style="margin:0;background-color:#ffffff">
<div style="display:none;color:#555555" class="ink">A sentence of some length about what is in the mail.</div>
<h1 class="ink" style="color:#16181d">Ten papers</h1>
<h2 class="ink" style="color:#16181d">The first one</h2>
<p class="ink" style="color:#343841">Words about it. MORE</p>
<p class="ink"><a class="link" href="https://newsletter.example/p/token">Change topics</a>
<a class="link" href="https://newsletter.example/u/token">Unsubscribe</a></p>
</body></html>
"""


def part(kind, text, encoding="quoted-printable"):
    coded = quopri.encodestring(text.encode()).decode() if encoding == "quoted-printable" else text
    head = f'Content-Type: text/{kind}; charset="utf-8"\nContent-Transfer-Encoding: {encoding}\n\n'
    return f"{head}{coded}"


def mail(html=HTML, text=TEXT, encoding="quoted-printable", kinds=("plain", "html"), extra="", drop="", **fields):
    """The bytes of a message; `fields` replace those of HEAD (From is from_), MORE in the HTML becomes `more`."""
    more = fields.pop("more", "Good.")
    names = {name.lower().replace("-", "_"): name for name in HEAD}
    head = HEAD | {names[name.rstrip("_")]: value for name, value in fields.items()}
    lines = [f"{name}: {value}" for name, value in head.items() if name != drop]
    bodies = {"plain": text, "html": html.replace("MORE", more)}
    parts = "".join(f"\n--=_b\n{part(kind, bodies[kind], encoding)}" for kind in kinds)
    written = "\n".join(lines) + f"\n{extra}{parts}\n--=_b--\n"
    return written.encode().replace(b"\n", b"\r\n")
