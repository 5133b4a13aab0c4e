"""Papers that mean harm, in a whole digest: inert and in bounds in HTML, text, headers and a real browser."""

import email
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from email import policy
from itertools import cycle, islice

from playwright.sync_api import Page

from checks import browser
from checks.letters import TEMPLATES, Mail, in_an_envelope
from checks.result import Result, judged, missing
from newsletter.mail import digest, example
from newsletter.mail.content import DigestContent
from newsletter.mail.template import load_letter

BEFORE = '\' onmouseover=alert(1) x=\'"><img src=x onerror="window.harmed=1">'
WORDS: Mapping[str, str] = {
    "script": "<script>window.harmed = 1</script><svg onload=window.harmed=1>",
    "attribute": BEFORE,
    "style": '</style><style>*{display:none!important}</style><p style="position:fixed;left:9999px">',
    "comment": "--><![endif]--><!--[if mso]><table><tr><td>",
    "template": "{{ 7*7 }}{% raw %}[[ light.ink ]]{# jj0001jj",
    "bidi": "\u202etxt.exe\u202c \u2066\u2067\u2068 \u061c\u200f end",
    "lines": "One\r\nBcc: all@example.org\r\n\r\n<html>two\u2028three\u0085four\x00\x07\x1b[31m",
    "long": "W" * 10_000,
    "long words": "word " * 2_000,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇩🇪 " * 40,
    "right to left": "مرحبا بالعالم שלום עולם " * 30,
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe\u2060" * 200,
    "stacked": "Z" + "\u0301\u0335\u0489" * 400,
    "encoded word": "=?utf-8?Q?Bcc:=20all@example.org?= =?utf-8?B?AA==?=",
    "surrogate and private": "a\ue000b\uf8ffc\ufffe\U000e0041",
}
LINKS = (
    "javascript:window.harmed=1",
    " JaVaScRiPt:alert(1)",
    "data:text/html,<script>window.harmed=1</script>",
    "vbscript:msgbox(1)",
    'https://a.example/"><script>window.harmed=1</script>',
    "https://a.example/\r\nBcc: all@example.org",
    "//a.example/x",
    "https://" + "a" * 5_000 + ".example/",
)
SAFE = re.compile(r"(?:https?:|mailto:)", re.IGNORECASE)
HARM = """() => { const found = [];
    if (window.harmed) found.push('a script ran');
    for (const e of document.querySelectorAll('script, iframe, object, embed, form, svg, link, base'))
        found.push(`a ${e.tagName} element`);
    for (const e of document.querySelectorAll('*')) for (const { name, value } of e.attributes) {
        if (name.startsWith('on')) found.push(`${e.tagName} has ${name}`);
        const leads = name === 'href' || name === 'src';
        if (leads && !/^(https?|mailto):/i.test(value)) found.push(`a link to ${value}`);
    }
    if (getComputedStyle(document.body).display === 'none') found.push('the mail is hidden');
    return found; }"""
# What hides or reorders what stands around it; joiners stay, for scripts and emoji need them.
TRICKS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u061c\u202a-\u202e"
    r"\u2028\u2029\u2066-\u2069\ufeff]"
)
LONGEST = 998  # bytes in a line: RFC 5322, 2.1.1
MARKS = "\u061c\u200e\u200f\u2066\u2067\u2068\u2069"  # marks of direction end with their letter; isolates are ours
HEADERS = frozenset(
    (
        *("date", "from", "to", "message-id", "subject", "list-id", "list-unsubscribe", "list-unsubscribe-post"),
        *("list-help", "list-archive", "list-owner", "list-post", "auto-submitted", "precedence", "feedback-id"),
        *("mime-version", "content-type"),
    )
)


def check(mails: Sequence[Mail]) -> Result:  # noqa: ARG001 - a checker gets the mails; this one makes its own
    """Each way to do harm in a digest of its own, and all of them in one."""
    found = {name: made(word) for name, word in WORDS.items()} | {"all": made(*WORDS.values())}
    faults = [f"{name}: {each}" for name, mail in found.items() for each in in_words(mail)]
    if not browser.program():
        return missing(browser.CURE)
    with browser.chromium() as page:
        faults += [f"{name}: {each}" for name, mail in found.items() for each in on_screen(page, mail)]
    return judged(f"{len(faults)} faults of {len(found)} hostile digests", faults)


def made(*words: str) -> Mail:
    """A digest in which every word that others wrote is one of these."""
    facts = hostile(words)
    rendered = digest.render(load_letter("digest", [TEMPLATES]), facts)
    return in_an_envelope("hostile", rendered.subject, rendered.text, rendered.html, facts.to_email)


def hostile(words: Sequence[str]) -> DigestContent:
    """The example digest, its papers and the reader's name and interests in these words."""
    said, links = cycle(words), cycle(LINKS)
    plain = example.digest()
    papers = tuple(
        replace(
            paper,
            **{part: next(said) for part in ("title", "organization", "summary", "abstract")},  # type: ignore[arg-type] # all text
            authors=tuple(islice(said, 3)),
            topics=(next(said),),
            reasons=(next(said),),
            categories=(next(said),),
            **{part: next(links) for part in ("url", "pdf_url", "code_url", "discussion_url")},  # type: ignore[arg-type] # all text
        )
        for paper in plain.papers
    )
    return replace(plain, papers=papers, reader_name=next(said), interests=(next(said),))


def in_words(mail: Mail) -> list[str]:
    """What is wrong with the message as bytes: header, text part, and characters in the HTML."""
    parsed = email.message_from_bytes(mail.content, policy=policy.default)
    strange = sorted({name.lower() for name in parsed} - HEADERS)
    faults = [f"a header field {name}" for name in strange]
    faults += [f"{name} stands twice" for name in {*parsed.keys()} if len(parsed.get_all(name, ())) > 1]
    longest = max(map(len, mail.content.split(b"\r\n")))
    faults += [f"a line of {longest} bytes"] if longest > LONGEST else []
    for part, told in (("Subject", str(parsed["Subject"])), ("text", mail.text), ("HTML", mail.html)):
        tricks = {hex(ord(each)) for each in TRICKS.findall(told) if each not in MARKS}
        faults += [f"{part} holds {', '.join(sorted(tricks))}"] if tricks else []
    faults += ["no List-Unsubscribe"] if "List-Unsubscribe" not in parsed else []
    return faults


def on_screen(page: Page, mail: Mail) -> list[str]:
    """What a browser makes of it: scripts, elements and links that are not ours, and what leaves the screen."""
    faults: list[str] = []
    for dress, html in browser.dresses(mail):
        browser.show(page, html)
        faults += [f"{dress} {each}" for each in (*page.evaluate(HARM), *browser.past_the_edge(page))]
    return faults
