"""The catalogue of rules: every finding is of one of these (docs/lint.md lists them in the same words)."""

from collections.abc import Mapping

from newsletter.lint.finding import Finding, Part, Rule

_ALL = (
    Rule("template", "error", "template", "A template compiles: structure, attributes, values, marks, styles."),
    Rule("unescaped", "error", "template", "Values are escaped, and stand in quotes where they are attributes."),
    Rule("unreadable", "error", "headers", "The message can be read as RFC 5322 and MIME."),
    Rule("line-ends", "error", "headers", "Lines end in CRLF, with no CR or LF alone (RFC 5321, 2.3.8)."),
    Rule("line-length", "error", "headers", "No line has more than 998 bytes (RFC 5322, 2.1.1)."),
    Rule(
        "line-width", "warning", "headers", "Lines have at most 78 bytes but for one long word (RFC 5322, 2.1.1)."
    ),
    Rule("header-missing", "error", "headers", "From, To, Date, Message-ID, Subject and MIME-Version are there."),
    Rule("header-repeated", "error", "headers", "Each of these stands once (RFC 5322, 3.6)."),
    Rule("header-syntax", "error", "headers", "Date, Message-ID, From and To can be read (RFC 5322, 3.3 to 3.6)."),
    Rule(
        "header-hidden", "error", "headers", "No header holds characters that hide or reorder what is around them."
    ),
    Rule(
        "encoded-word", "error", "headers", "Encoded words are short and stand in no address or link (RFC 2047)."
    ),
    Rule(
        "list-header", "warning", "headers", "List-Id and Auto-Submitted say what kind of mail it is (RFC 2919)."
    ),
    Rule("unsubscribe-header", "error", "headers", "A digest has List-Unsubscribe with a web link (RFC 2369)."),
    Rule("one-click", "error", "headers", "List-Unsubscribe-Post has the one value it may have (RFC 8058, 3.1)."),
    Rule("unsubscribe-https", "warning", "headers", "The link of List-Unsubscribe is https (RFC 8058, 3.1)."),
    Rule(
        "transfer-encoding", "warning", "headers", "Parts are 7bit or quoted-printable: small, and legal anywhere."
    ),
    Rule("text-part", "error", "headers", "There is a text part with words in it."),
    Rule("html-part", "error", "headers", "There is an HTML part with words in it."),
    Rule("part-order", "error", "headers", "The text part stands before the HTML part (RFC 2046, 5.1.4)."),
    Rule("subject-empty", "error", "headers", "The subject has words."),
    Rule("subject-long", "warning", "headers", "The subject has at most 70 characters; phones show about 40."),
    Rule("subject-shouting", "warning", "headers", "The subject is not in capitals, without !!! and ???."),
    Rule("subject-reply", "warning", "headers", "The subject of a first mail does not begin with Re: or Fwd:."),
    Rule("spam-subject", "warning", "headers", "The subject has no words that junk filters count."),
    Rule("spam-words", "note", "html", "The mail has no phrases that junk filters count."),
    Rule("html-syntax", "warning", "html", "The HTML can be read."),
    Rule("html-size", "error", "html", "The HTML has fewer bytes than Gmail clips at, near 102 KB."),
    Rule("html-budget", "warning", "html", "The HTML keeps to digest.budget_bytes."),
    Rule("placeholder", "error", "html", "No mark of a template is left unfilled."),
    Rule("empty-value", "warning", "html", "No None, null, NaN or undefined stands where a value belongs."),
    Rule("double-escape", "warning", "html", "Text is escaped once: no &amp;amp; that readers see as &amp;."),
    Rule(
        "forbidden-element", "error", "html", "No script, form, frame, object or linked file: filters refuse them."
    ),
    Rule("event-handler", "error", "html", "No on... attribute: no mail program runs scripts."),
    Rule("link-scheme", "error", "html", "Links are http or https."),
    Rule("link-empty", "error", "html", "Each link leads somewhere."),
    Rule("link-text", "warning", "html", "Each link has words that say where it leads."),
    Rule(
        "link-tracking", "warning", "html", "No link carries what follows readers, or hides its goal in another."
    ),
    Rule("link-other", "warning", "html", "A link that shows an address leads to that host."),
    Rule("image-alt", "warning", "html", "Each image has an alt text; an empty one where it only adorns."),
    Rule("image-size", "warning", "html", "Each image has width and height, so that nothing jumps or bursts."),
    Rule("image-remote", "note", "html", "Images are few: most programs ask before they load one."),
    Rule("tracking-pixel", "warning", "html", "No invisible image: it tells the sender who reads."),
    Rule("heading-order", "warning", "html", "One h1 comes first, and no level is skipped."),
    Rule("language", "warning", "html", "The html element names its language."),
    Rule("direction", "warning", "html", "The direction of writing fits the language."),
    Rule("contrast", "warning", "html", "Text stands out from its ground: 4.5 to 1, large text 3 to 1 (WCAG AA)."),
    Rule("contrast-dark", "warning", "html", "So it does in dark mode, as far as the mail styles it."),
    Rule("preheader-missing", "warning", "html", "A hidden line first says what lists show beside the subject."),
    Rule("preheader-short", "note", "html", "The preheader has at least 40 characters."),
    Rule("preheader-long", "note", "html", "The preheader has at most 150 characters: no list shows more."),
    Rule(
        "client-support", "warning", "html", "What the HTML uses works in the common mail programs, or is allowed."
    ),
    Rule("unsubscribe-shown", "error", "html", "A mail that can be left shows how, in both parts."),
    Rule("preferences-shown", "warning", "html", "It shows the link to the reader's settings, in both parts."),
    Rule(
        "text-width", "warning", "text", "Lines of the text part have at most 72 columns, but for web addresses."
    ),
    Rule("dead-link", "error", "html", "Each web link answers (only asked with --links)."),
)
RULES: Mapping[str, Rule] = {rule.name: rule for rule in _ALL}


def found(rule: str, what: str, cure: str, line: int = 0, part: Part | None = None) -> Finding:
    """A finding of this rule; `part` where it is not the rule's usual one."""
    known = RULES[rule]
    return Finding(rule, known.level, part or known.part, line, what, cure)
