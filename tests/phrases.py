"""Every phrase that the catalogues must translate, read from templates and code as they are."""

import ast
import re
from pathlib import Path

from newsletter.mail import content, letter
from newsletter.ranking.reasons import WORDS

ROOT = Path(__file__).parent.parent
MARK = re.compile(r'\b_\("([^"]+)"')
TABLES = (
    *content.PICKED.values(),
    *(content.MINUTES, content.SAMPLE_NOTE, letter.EVERY),
    *letter.REASONS.values(),
    *letter.RHYTHMS.values(),
    *WORDS.values(),
)
PLURALS = (*content.SUBJECTS, content.MORE_TOPICS, ("{n} more", "{n} more"))


def singles() -> set[str]:
    """The phrases without a number."""
    templates = {
        found for path in (ROOT / "templates" / "email").iterdir() for found in MARK.findall(path.read_text())
    }
    return templates | {each[0] for each in _calls("say")} | set(TABLES)


def plurals() -> set[tuple[str, str]]:
    """The phrases with a number, for one and for several."""
    return {(each[0], each[1]) for each in _calls("count") if len(each) > 1} | set(PLURALS)


def _calls(name):
    """The texts that calls of a method of this name begin with."""
    for path in (ROOT / "newsletter" / "mail").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
                texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
                if texts and all(isinstance(each, str) for each in texts):
                    yield texts
