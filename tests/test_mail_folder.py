"""The folder transport: whole files with safe names, and plain words when it cannot write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail import Envelope, Outcome, Phase, Verdict
from newsletter.mail.folder import Folder, file_name

CONTENT = b"Subject: hello\r\n\r\nA body.\r\n.\r\n"


def envelope(recipient="ada@example.org", message_id="<one@example.org>", content=CONTENT):
    return Envelope("papers@example.org", recipient, message_id, content)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_message_becomes_a_file_with_its_bytes(tmp_path):
    folder = tmp_path / "not" / "there" / "yet"
    outcome = Folder(folder).send(envelope())
    target = folder / file_name(envelope())
    assert outcome == Outcome(Verdict.SENT, Phase.REPLIED, f"written to {target}")
    assert target.read_bytes() == CONTENT
    assert files(folder) == [target.name]


def test_the_name_tells_the_reader():
    assert file_name(envelope("ada+papers@example.org")).startswith("ada+papers@example.org-")
    assert file_name(envelope()).endswith(".eml")


@pytest.mark.parametrize("recipient", [".hidden@example.org", "-option@example.org", ".-.@example.org"])
def test_no_name_hides_or_looks_like_an_option(recipient):
    assert file_name(envelope(recipient))[0] not in ".-"


def test_a_resend_takes_the_place_of_the_first(tmp_path):
    with Folder(tmp_path) as folder:
        folder.send(envelope())
        folder.send(envelope(content=b"again\r\n"))
    assert files(tmp_path) == [file_name(envelope())]
    assert (tmp_path / file_name(envelope())).read_bytes() == b"again\r\n"


def test_two_messages_to_one_reader_are_two_files(tmp_path):
    folder = Folder(tmp_path)
    folder.send(envelope())
    folder.send(envelope(message_id="<two@example.org>"))
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize(
    ("one", "other"), [("a/b@x.org", "a:b@x.org"), ("Ada@x.org", "ada@x.org"), ("é@x.org", "ü@x.org")]
)
def test_readers_that_differ_only_in_unsafe_characters_do_not_collide(one, other):
    first, second = file_name(envelope(one)), file_name(envelope(other))
    assert first.lower() != second.lower()


@given(st.text(st.characters(codec=None), max_size=400), st.text(st.characters(codec=None), max_size=20))
def test_every_name_is_safe_on_every_file_system(recipient, message_id):
    name = file_name(envelope(recipient, message_id))
    assert len(name) <= 120
    assert name.isascii()
    assert not set(name) & set('/\\:*?"<>|\0 ')
    assert not name.startswith((".", "--"))


@pytest.mark.parametrize("recipient", ["../../etc/passwd@x.org", "/etc/passwd", "..", ""])
def test_no_recipient_leads_out_of_the_folder(tmp_path, recipient):
    inside = tmp_path / "outbox"
    assert Folder(inside).send(envelope(recipient)).verdict is Verdict.SENT
    assert len(files(inside)) == 1
    assert files(tmp_path) == ["outbox"]


def test_a_folder_that_cannot_be_made_defers_in_plain_words(tmp_path):
    (tmp_path / "outbox").write_text("a file in its place")
    outcome = Folder(tmp_path / "outbox").send(envelope())
    assert (outcome.verdict, outcome.phase) == (Verdict.DEFERRED, Phase.BEFORE_DOT)
    assert "cannot be written: File exists" in outcome.reply
    assert str(tmp_path / "outbox") in outcome.reply


def test_a_message_that_cannot_take_its_place_leaves_nothing_half(tmp_path):
    (tmp_path / file_name(envelope()) / "in the way").mkdir(parents=True)
    outcome = Folder(tmp_path).send(envelope())
    assert outcome.verdict is Verdict.DEFERRED
    assert files(tmp_path) == [file_name(envelope())]
