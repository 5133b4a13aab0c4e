"""What replies mean: a table over codes, enhanced codes and commands; and words that never decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail import Blame, Verdict
from newsletter.mail.reply import Stage, enhanced, judged

SENT = (Verdict.SENT, Blame.NOBODY)
LATER, NEVER = (Verdict.DEFERRED, Blame.MESSAGE), (Verdict.FAILED, Blame.MESSAGE)
NO_READER = (Verdict.FAILED, Blame.READER)
BUSY, POLICY, RELAY = ((Verdict.DEFERRED, blame) for blame in (Blame.BUSY, Blame.POLICY, Blame.RELAY))
# The reply, and what it means at MAIL, and later: before a recipient is named the relay speaks for itself.
TABLE = [
    ("250 2.0.0", SENT, SENT),
    ("251 2.1.5", SENT, SENT),
    ("252", SENT, SENT),
    ("421", RELAY, BUSY),
    ("421 4.3.2", RELAY, BUSY),
    ("432 4.7.12", RELAY, BUSY),
    ("450", LATER, LATER),
    ("450 4.2.0", LATER, LATER),
    ("450 4.7.1", RELAY, BUSY),
    ("450 5.7.1", LATER, LATER),
    ("451 4.1.8", LATER, LATER),
    ("451 4.7.500", RELAY, BUSY),
    ("452 4.2.2", LATER, LATER),
    ("452 4.3.1", RELAY, LATER),
    ("452 4.3.4", LATER, LATER),
    ("454", RELAY, BUSY),
    ("454 4.7.0", RELAY, BUSY),
    ("500 5.5.2", NEVER, NEVER),
    ("530", RELAY, RELAY),
    ("530 5.7.0", RELAY, RELAY),
    ("534 5.7.9", RELAY, RELAY),
    ("535 5.7.8", RELAY, RELAY),
    ("538 5.7.11", RELAY, RELAY),
    ("550", NEVER, NEVER),
    ("550 5.1.0", NEVER, NEVER),
    ("550 5.1.1", NEVER, NO_READER),
    ("550 5.1.2", NEVER, NO_READER),
    ("553 5.1.3", NEVER, NO_READER),
    ("550 5.1.6", NEVER, NO_READER),
    ("553 5.1.7", NEVER, NEVER),
    ("550 5.1.8", NEVER, NEVER),
    ("556 5.1.10", NEVER, NO_READER),
    ("550 5.1.100", NEVER, NEVER),
    ("550 4.1.1", NEVER, NEVER),
    ("550 4.7.1", NEVER, NEVER),
    ("550 5.7.1", RELAY, POLICY),
    ("550 5.7.515", RELAY, POLICY),
    ("554 5.7.0", RELAY, POLICY),
    ("552", NEVER, NEVER),
    ("552 5.2.2", LATER, LATER),
    ("552 5.3.4", NEVER, NEVER),
    ("552 5.2.1", NEVER, NEVER),
    ("554 5.6.0", NEVER, NEVER),
]


def split(reply):
    code, _, text = reply.partition(" ")
    return int(code), text


@pytest.mark.parametrize(("reply", "at_mail", "later"), TABLE)
def test_code_enhanced_code_and_command_decide(reply, at_mail, later):
    assert judged(Stage.MAIL, *split(reply)) == at_mail
    assert {judged(stage, *split(reply)) for stage in Stage if stage is not Stage.MAIL} == {later}


@given(st.sampled_from(TABLE), st.sampled_from(list(Stage)), st.text(max_size=60))
def test_words_never_decide(row, stage, words):
    code, told = split(row[0])
    said = f"{told} {words}" if told else f"said: {words}"

    assert judged(stage, code, said) == judged(stage, code, told)


@pytest.mark.parametrize(
    "words",
    [
        "user unknown 5.1.1",
        "mailbox full, try later",
        "blocked by policy (5.7.1)",
        "greylisted",
        "5.1.1.1 x",
        "5.1.1x",
        "5.1",
        "6.1.1 x",
        "5.1.1111",
        "55.1.1",
        "#5.1.1",
    ],
)
def test_what_does_not_begin_with_an_enhanced_code_has_none(words):
    assert enhanced(words) is None
    assert judged(Stage.RCPT, 550, words) == NEVER


@given(st.sampled_from("245"), st.integers(0, 999), st.integers(0, 999), st.sampled_from(["", " x", "\tx", "\n"]))
def test_an_enhanced_code_is_read(kind, subject, detail, after):
    assert enhanced(f"{kind}.{subject}.{detail}{after}") == (int(kind), subject, detail)


@given(st.sampled_from(list(Stage)), st.integers(200, 599), st.text(max_size=20))
def test_only_a_two_means_sent_and_only_a_five_is_final(stage, code, text):
    verdict, blame = judged(stage, code, text)

    assert (verdict is Verdict.SENT) == (code // 100 == 2) == (blame is Blame.NOBODY)
    assert code // 100 == 5 or verdict is not Verdict.FAILED
    assert verdict is Verdict.FAILED or blame is not Blame.READER
    assert verdict is Verdict.DEFERRED or blame not in {Blame.BUSY, Blame.POLICY, Blame.RELAY}
