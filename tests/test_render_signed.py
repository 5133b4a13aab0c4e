"""Every kind of message that leaves is signed, and dkimpy finds both signatures good."""

import pytest
from signed import both, verdicts
from sqlmodel import Session, select
from test_letters import KINDS, put
from world import KEYS, NOW, configured, entry, planned, reader, stored

from newsletter import db, notices, render, report, wiring
from newsletter.mail.admin_letter import AdminLetter
from newsletter.mail.dkim import relaxed_body
from newsletter.models import Delivery

GOOD = [True, True]
NAMES = ["Ada", "Ada <Countess>, Lovelace", "Žofie Ñandú", "李雷", "x" * 90, "é" * 60]


@pytest.fixture
def config(tmp_path):
    return configured(tmp_path, 'postal_address = "1 Sample Street"\n[digest]\nfloor = 0.1\n').config


def digest(session, config, **chosen):
    stored(session, entry("Graph neural networks with $\\alpha$-decay,  twice", 1), entry("Änderung of graphs", 2))
    reader(session, chosen.pop("email", "ada@example.org"), "Graphs", **chosen)
    planned(session, config)
    return session.exec(select(Delivery)).one()


def envelope(session, delivery, signer):
    return render.run(session, delivery.id, KEYS, signer)


def signs_well(session, delivery):
    """Whether both signatures are good; the rest of the message is as it is without them."""
    plain, signed = (envelope(session, delivery, signer).content for signer in (None, both()))
    assert signed.endswith(b"\r\n" + plain)
    assert signed.count(b"DKIM-Signature:") == 2
    assert envelope(session, delivery, both()).content == signed
    return verdicts(signed) == GOOD


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_digest_is_signed(session, config, name):
    assert signs_well(session, digest(session, config, name=name))


def test_a_digest_to_an_address_in_utf_8_is_signed(session, config):
    assert signs_well(session, digest(session, config, email="josé@example.com", name="José"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_is_signed(session, config, kind):
    ada = reader(session, "ada@example.org", "Graphs", name="Ada Lovelace")

    assert signs_well(session, put(session, wiring.letters(config), ada, kind))


def test_both_mails_to_the_admin_are_signed(engine, tmp_path):
    text = '[admin]\nemail = "boss@example.org"\n'
    admin = wiring.admin(configured(tmp_path, text).config, KEYS)
    with db.writing(engine) as session:
        notices.tell(session, admin, "edition held 2026-03-11", "Too few papers: 2 of at least 3.", NOW)
    report.run(engine, admin, NOW, NOW)

    with Session(engine) as session:
        mails = session.exec(select(Delivery)).all()
        assert {mail.letter for mail in mails} == set(AdminLetter)
        assert all(signs_well(session, mail) for mail in mails)


def test_the_text_of_a_digest_is_in_canonical_form_so_that_signing_is_quick(session, config):
    content = envelope(session, digest(session, config), None).content
    body = content.partition(b"\r\n\r\n")[2]

    assert relaxed_body(body) is body


def test_a_changed_link_to_leave_is_noticed(session, config):
    content = envelope(session, digest(session, config), both()).content

    changed = content.replace(b"List-Unsubscribe: <https://", b"List-Unsubscribe: <http://")

    assert changed != content
    assert verdicts(content) == GOOD
    assert verdicts(changed) == [False, False]
