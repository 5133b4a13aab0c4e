"""Where a sender dies in the crash tests: named points in the life of a message, wrapped around the product."""

import os
import random
import signal
import threading
import time
from contextlib import contextmanager

from newsletter import ledger_claims
from newsletter.mail.reply import Stage
from newsletter.mail.smtp import Smtp
from newsletter.mail.smtp_dialogue import Dialogue
from newsletter.statements import Line

LONGEST_COMMIT = 0.0006  # seconds, within which a kill comes at random


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Fate:
    """Comes at a certain passage of a point, whichever thread makes it."""

    def __init__(self, passage):
        self.left, self.turn = passage, threading.Lock()

    def is_now(self):
        with self.turn:
            self.left -= 1
            return self.left == 0

    def passed(self):
        if self.is_now():
            die()


def before_the_claim_commits(fate):
    take = ledger_claims._take

    def taking(session, *rest, **which):
        commit = type(session).commit
        session.commit = lambda: (fate.passed(), commit(session))
        return take(session, *rest, **which)

    ledger_claims._take = taking


def after_the_claim(fate):
    take = ledger_claims._take

    def taking(*arguments, **which):
        if rows := take(*arguments, **which):
            fate.passed()
        return rows

    ledger_claims._take = taking


def after_yes_to(stage):
    def wrapped(fate):
        answer = Dialogue._answer

        def answering(*arguments):
            if (taken := answer(*arguments)) is stage:
                fate.passed()
            return taken

        Dialogue._answer = answering

    return wrapped


def handing_over(before=lambda *_: None, after=lambda *_: None):
    """Around a body, its final dot, and what opens the message to follow: its leave is committed."""

    def wrapped(fate):
        hand_over = Dialogue.hand_over

        def surrounded(dialogue, body, *rest):
            before(fate, dialogue, body)
            hand_over(dialogue, body, *rest)
            after(fate, dialogue, body)

        Dialogue.hand_over = surrounded

    return wrapped


def die_there(fate, *_):
    fate.passed()


def die_half_way(fate, dialogue, body):
    if fate.is_now():
        dialogue.socket.sendall(body[: len(body) // 2])
        die()


def before_the_record(fate):
    """The reply to the final dot was read."""
    final = Smtp._final

    def told(self, *rest):
        fate.passed()
        return final(self, *rest)

    Smtp._final = told


def committing(before=lambda *_: None, after=lambda *_: None):
    """Around a commit of what became of messages, and that another one's body may leave."""

    def wrapped(fate):
        writing = Line.writing

        @contextmanager
        def surrounded(line):
            with writing(line):
                yield
                before(fate)
            after(fate)

        Line.writing = surrounded

    return wrapped


def die_in_a_moment(fate):
    """The driver lets other threads run while it commits."""

    def late():
        time.sleep(random.uniform(0, LONGEST_COMMIT))
        die()

    if fate.is_now():
        threading.Thread(target=late).start()


POINTS = {
    "before the claim commits": before_the_claim_commits,
    "after the claim": after_the_claim,
    "after MAIL": after_yes_to(Stage.MAIL),
    "after RCPT": after_yes_to(Stage.RCPT),
    "after DATA": after_yes_to(Stage.DATA),
    "before the body": handing_over(before=die_there),
    "in the body": handing_over(before=die_half_way),
    "after the dot": handing_over(after=die_there),
    "before the record": before_the_record,
    "before the commit": committing(before=die_there),
    "in the commit": committing(before=die_in_a_moment),
    "after the commit": committing(after=die_there),
}
# What is passed though no mail server lets anybody in.
WITHOUT_SERVER = {point for point in POINTS if "claim" in point or "commit" in point}
