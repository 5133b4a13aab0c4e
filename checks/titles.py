"""Real titles with mathematics, then sentences of abstracts, read by newsletter.mail.tex, must read well."""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from checks.letters import DATA, Mail
from checks.result import Result, judged, missing
from newsletter.mail.tex import plain

COUNT, SHARE = 200, 0.98
FILES = ("arxiv/metadata*.jsonl.gz", "relevance/*/papers.jsonl.gz")
WRITTEN = re.compile(r"\\[A-Za-z]|\$[^$]+\$|[_^]\{")  # what makes a text one with mathematics or macros
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
# What no reader should meet in the result: a macro, a dollar, a brace without its other one, scripts in scripts.
# Plain brackets after a mark, and sets in braces, are how one writes by hand.
LEFT = re.compile(r"[\\$`]|^[^{]*\}|\{[^}]*$|[_^]\([^()]*[_^]\(")
ODD = re.compile(r"[_^]\(")  # readable, and listed, so that people can judge it themselves
CURE = "the metadata of papers: name the folder that holds arxiv/ in NEWSLETTER_DATA"


def check(mails: Sequence[Mail]) -> Result:  # noqa: ARG001 - a checker gets the mails; this one reads titles
    """At least 98 of 100 without a leftover of TeX; the rest is listed with what it became."""
    files = [file for pattern in FILES for file in sorted(DATA.glob(pattern))]
    return verdict(corpus(files)) if files else missing(CURE)


def corpus(files: Sequence[Path]) -> list[str]:
    """Every such title of these files, and then sentences, one of an abstract, until there are enough."""
    titles = dict.fromkeys(text for text in _texts(files, "title") if WRITTEN.search(text))
    sentences = (_first(text) for text in _texts(files, "abstract"))
    found = [*titles, *islice(filter(None, sentences), max(0, COUNT - len(titles)))]
    return found[:COUNT]


def _texts(files: Sequence[Path], field: str) -> Iterator[str]:
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield " ".join(str(json.loads(line).get(field) or "").split())


def _first(abstract: str) -> str:
    """Its first sentence with mathematics; "" when it has none."""
    return next((sentence for sentence in SENTENCE.split(abstract) if WRITTEN.search(sentence)), "")


def verdict(found: Sequence[str]) -> Result:
    """The share that reads well; `plain` may not raise, so nothing here catches it."""
    told = [(source, plain(source)) for source in found]
    rest = [f"left: {source} -> {text}" for source, text in told if LEFT.search(text) or not text]
    odd = [f"plain: {source} -> {text}" for source, text in told if ODD.search(text) and not LEFT.search(text)]
    share = 1 - len(rest) / len(told)
    faults = [] if share >= SHARE else [f"only {share:.1%} read well"]
    return judged(f"{share:.1%} of {len(told)} readable", faults, [*rest, *odd])
