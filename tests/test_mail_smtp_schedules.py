"""SMTP with servers that do anything at any step: no message is lost, none is taken twice, no verdict is wrong."""

from collections import Counter

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from mail_feeds import Listed, messages
from mail_servers import CLOSE, settings
from mail_states import LOST, PIPELINING, Stateful, serving

from newsletter.mail import Blame, Phase, Verdict
from newsletter.mail.relays import Relays
from newsletter.mail.smtp import Smtp

PLAIN = b"250-test\r\n250 8BITMIME\r\n"
REFUSALS = [
    b"421 4.3.2 going down\r\n",
    b"450 4.2.1 later\r\n",
    b"451-4.7.1 slow\r\n451 4.7.1 down\r\n",
    b"452 4.3.1 full\r\n",
    b"530 5.7.0 log in\r\n",
    b"550 5.1.1 nobody\r\n",
    b"554 5.7.1 policy\r\n",
    b"500\r\n",
]
JUNK = [b"junk\r\n", b"\r\n", b"199 x\r\n", b"\xff\xfe\xfd\xfc\r\n", CLOSE]
GOOD = {
    "MAIL": [b"250 ok\r\n", b"250-2.1.0 a\r\n250 2.1.0 b\r\n"],
    "RCPT": [b"250 ok\r\n", b"251 2.1.5 moved\r\n", b"252 who knows\r\n"],
    "DATA": [b"354 go\r\n", b"354-go\r\n354 on\r\n"],
    ".": [b"250 2.0.0 queued\r\n", b"250-2.0.0 queued\r\n250 as 1\r\n"],
    "RSET": [b"250 ok\r\n"],
    "NOTHING": [b"554 5.5.1 no valid recipients\r\n"],
}


def script(verb):
    """What a server says at this verb, one time after the other; at last it is well again."""
    more = [LOST, b"354 what\r\n"] if verb == "." else [b"250 ok\r\n"] if verb == "DATA" else [b"354 go\r\n"]
    odd = st.sampled_from([*REFUSALS, *JUNK, *more])
    good = st.sampled_from(GOOD[verb])
    return st.lists(st.one_of(good, good, good, odd), max_size=8).map(lambda said: [*said, GOOD[verb][0]])


SERVER = st.fixed_dictionaries(
    {verb: script(verb) for verb in GOOD if verb != "NOTHING"}
    | {
        "NOTHING": st.sampled_from([b"554 5.5.1 nobody\r\n", b"250 fine\r\n", b"421 bye\r\n", CLOSE]),
        "BANNER": st.lists(
            st.sampled_from([b"220 hello\r\n", b"220 hello\r\n", b"421 no\r\n", CLOSE]), max_size=3
        ).map(lambda said: [*said, b"220 hello\r\n"]),
        "EHLO": st.sampled_from([PIPELINING, PIPELINING, PLAIN]),
    }
)


class Ticking:
    """A clock that goes on each time it is looked at."""

    def __init__(self, step):
        self.seconds, self.step = 0.0, step

    def __call__(self):
        self.seconds += self.step
        return self.seconds


def agrees(outcome, accepted):
    """Whether a verdict is true of a message that servers took so many times."""
    return {
        Verdict.SENT: accepted == 1,
        Verdict.UNKNOWN: accepted <= 1 and outcome.phase is Phase.AFTER_DOT,
        Verdict.DEFERRED: accepted == 0,
        Verdict.FAILED: accepted == 0,
    }[outcome.verdict]


@hypothesis_settings(max_examples=50, deadline=None)
@given(
    scripts=st.lists(SERVER, min_size=1, max_size=2),
    careless=st.booleans(),
    way=st.sampled_from(["at once", "at once", "byte by byte"]),
    step=st.sampled_from([0.0, 1.0, 30.0]),
    withheld=st.frozensets(st.integers(1, 6), max_size=2),
)
def test_every_verdict_agrees_with_what_the_servers_took(scripts, careless, way, step, withheld):
    servers = [Stateful(script, careless=careless, way=way) for script in scripts]
    feed = Listed(messages(6), lambda: b"".join(server.received for server in servers), withheld)
    clock = Ticking(step)
    with serving(servers[0]), serving(servers[-1]) if len(servers) > 1 else serving(Stateful({})):
        relays = Relays([settings(server, timeout=20, final_timeout=20) for server in servers], clock)
        with Smtp(relays, clock) as transport:
            transport.drain(feed)

    assert feed.settled
    took = Counter(taken for server in servers for taken in server.accepted)
    assert set(took) <= {(ready.envelope.recipient, ready.envelope.content) for ready in feed.given}
    for ready in feed.given:
        accepted = took[ready.envelope.recipient, ready.envelope.content]
        if ready.number in feed.kept:
            assert accepted == 0
        else:
            assert agrees(feed.told[ready.number], accepted), (feed.told[ready.number], accepted)
            assert (feed.told[ready.number].verdict is Verdict.SENT) <= (
                feed.told[ready.number].blame is Blame.NOBODY
            )
    assert max(Counter(feed.backs).values(), default=0) <= 2 * len(servers)


STEADY = st.fixed_dictionaries(
    {
        verb: st.lists(
            st.sampled_from([*GOOD[verb], b"450 4.2.1 later\r\n", b"550 5.1.1 nobody\r\n", b"552 5.2.2 full\r\n"]),
            max_size=8,
        ).map(lambda said, verb=verb: [*said, GOOD[verb][0]])
        for verb in ("MAIL", "RCPT", "DATA", ".")
    }
)


@hypothesis_settings(max_examples=20, deadline=None)
@given(STEADY, st.booleans(), st.integers(1, 8))
def test_while_the_server_stays_the_same_is_said_of_each_message_with_and_without_pipelining(
    script, careless, count
):
    told = []
    for ehlo in (PIPELINING, PLAIN):
        replies = {verb: list(said) for verb, said in script.items()} | {"EHLO": ehlo}
        server = Stateful(replies, careless=careless and ehlo is PLAIN)
        feed = Listed(messages(count))
        with serving(server), Smtp(settings(server), Ticking(0.0)) as transport:
            transport.drain(feed)
        told.append([(server.accepted, feed.told[number]) for number in range(1, count + 1)])
        assert len(server.dialogues) == 1

    assert told[0] == told[1]
