"""caniemail: what mail programs do not support of what the mails use, beside what that costs the reader."""

from collections.abc import Mapping, Sequence

from checks import node
from checks.letters import Mail
from checks.result import Result, judged, missing

# Each with why the mail may use it: what a reader sees where it is not supported.
STYLES = "Gmail's mobile web page drops <style>; every rule that carries meaning is inlined as well"
EXPLAINED: Mapping[str, str] = {
    "color-scheme CSS property": "dark colours are ours only where it works, elsewhere light or the program's own",
    "color-scheme meta tag": "as above",
    "<style> element": STYLES,
    "@media": "dark mode and phone sizes; without it the light, one-column mail that fits 320 px",
    "Attribute selector": "only for Outlook.com's dark mode ([data-ogsc])",
    "Chaining selectors": "only in the blocks for dark mode",
    "Class selector": STYLES,
    "Descendant combinator": "only in the blocks for dark mode",
    "ID selector": "only #outlook, MJML's own reset",
    "Type selector": "only MJML's own reset",
    "display:none": "the preheader stays hidden by its other rules: no height, no overflow, mso-hide",
    "outline": "a reset; there is none to take away",
    "border-radius": "corners are square",
    "max-height property": "the preheader is hidden by mso-hide there",
    "overflow": "the preheader is hidden by mso-hide there",
    "table-layout": "the columns of the admin's report take the width of their words",
    "white-space": "a chip or a button may break over two lines",
    "word-break": "a very long word may widen the mail in Windows Mail; elsewhere overflow-wrap holds it",
    "word-spacing": "chips stand a little closer",
    "aria-label attribute": "the mail's name, which its title has as well",
    "aria-hidden attribute": "a screen reader may speak an ornament",
    "role attribute": "a layout table may be announced as one",
    "<body> element": "replaced by a div with the same attributes",
    "height property": "Yahoo drops height on some elements: only the hidden preheader has one that matters",
}


def check(mails: Sequence[Mail]) -> Result:
    """Nothing unsupported outside the explained list, in any client that caniemail can judge."""
    folder = node.packages()
    if folder is None:
        return missing(node.CURE)
    told = node.ask(folder, "caniemail.mjs", [(mail.name, mail.html) for mail in mails])
    return verdict(told)


def verdict(told: Mapping[str, str | Mapping[str, Sequence[str]]]) -> Result:
    """The answer of caniemail.mjs in words."""
    faults, mute = [], []
    seen: dict[str, list[str]] = {}
    for client, issues in told.items():
        if isinstance(issues, str):
            mute.append(f"cannot say for {client}: caniemail itself stumbles ({issues})")
            continue
        for feature, names in issues.items():
            seen.setdefault(feature, []).append(client)
            if feature not in EXPLAINED:
                faults.append(f"{feature} is not supported by {client}: {', '.join(names)}")
    notes = [
        f"{feature}: {EXPLAINED[feature]} ({', '.join(sorted(seen[feature]))})"
        for feature in sorted(seen)
        if feature in EXPLAINED
    ]
    return judged(f"{len(faults)} unexplained, {len(notes)} explained", faults, [*mute, *notes])
