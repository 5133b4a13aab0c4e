"""The doctor looks at what was set up by hand."""

import pytest
from doctor_patient import MAILS, NOW, line, lines, on, patient
from sqlmodel import Session
from world import planned, reader, stored

from newsletter import db
from newsletter.config_sections import Newsletter
from newsletter.doctor import settings
from subscribers.suppression import suppress

KEY = "a key of more than sixteen characters"


def test_a_good_configuration_is_told_in_a_few_words(tmp_path):
    said = line(settings.config(patient(tmp_path, MAILS)))

    assert said == "ok config: Trending Papers, from papers@papers.test; mails go to a mail server: "


def test_placeholders_fail_once_real_mail_goes_out(tmp_path):
    bare = {"sender": Newsletter().sender, "url": "http://localhost:8080"}

    trying, mailing = (lines(settings.config(patient(tmp_path, text, **bare))) for text in ("", MAILS))

    assert [each.partition(":")[0] for each in trying] == ["ok config"]
    assert [each.partition(":")[0] for each in mailing] == ["fail config", "fail config"]
    assert "still the placeholder papers@localhost.localdomain" in mailing[0]
    assert "newsletter.url is http://localhost:8080, which readers cannot open" in mailing[1]


def test_a_missing_postal_address_is_a_warning(tmp_path):
    context = patient(tmp_path, MAILS)
    bare = context.config.newsletter.model_copy(update={"postal_address": ""})

    (found,) = settings.examined(context.config.model_copy(update={"newsletter": bare}))

    assert (found.level, found.words) == ("warn", "no postal address stands in the mails")


def test_an_admin_without_an_address_hears_of_nothing(tmp_path):
    told = '[admin]\nemail = "ops@papers.test"\n'

    assert line(settings.admin(patient(tmp_path))).startswith("warn admin: nobody is told")
    assert line(settings.admin(patient(tmp_path, told))).endswith(
        "ops@papers.test gets alerts and a daily report: "
    )
    assert line(settings.admin(patient(tmp_path, told + "report = false\n"))).endswith(" gets alerts: ")


def test_an_admin_who_must_not_be_mailed_fails_with_the_reason_and_the_cure(engine, tmp_path):
    context = on(engine, tmp_path, '[admin]\nemail = "ops@papers.test"\n')
    before = line(settings.admin(context))
    with db.writing(engine) as session:
        suppress(session, "ops@papers.test", "550 no such user ops@papers.test", NOW)

    said = line(settings.admin(context))

    assert before.startswith("ok admin: ")
    assert said.startswith("fail admin: ops@papers.test gets nothing: the address must not be mailed (550 no such")
    assert said.count("ops@papers.test") == 1
    assert "newsletter subscribers suppress ADDRESS --lift" in said


def secret_file(folder, text=KEY, mode=0o600):
    path = folder / "data" / "secret.key"
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_kept_secret_passes_and_is_not_shown(tmp_path):
    path = secret_file(tmp_path, f"{KEY} an-older-key-of-sixteen")

    said = line(settings.signing_key(patient(tmp_path)))

    assert said.startswith(f"fail secret: {path}: a key in it (not shown) is too short")
    path.write_text(f"{KEY.replace(' ', '-')} an-older-key-of-sixteen")
    assert line(settings.signing_key(patient(tmp_path))) == (
        f"ok secret: {path}: a signing key of {len(KEY)} characters, and 1 older: "
    )


def test_a_secret_that_others_may_read_fails(tmp_path):
    path = secret_file(tmp_path, mode=0o644)

    said = line(settings.signing_key(patient(tmp_path)))

    assert said.startswith(f"fail secret: others on this machine may read {path} (mode 0644)")
    assert said.endswith(f": chmod 600 {path}")


@pytest.mark.parametrize(
    ("secret", "said"), [("long-enough-as-it-is", "ok secret: web.secret: "), ("short", "fail ")]
)
def test_a_secret_in_the_configuration_counts_instead(secret, said, tmp_path):
    assert line(settings.signing_key(patient(tmp_path, f'[web]\nsecret = "{secret}"\n'))).startswith(said)


def test_a_secret_that_was_never_needed_is_a_note(tmp_path):
    assert line(settings.signing_key(patient(tmp_path))).startswith("note secret: ")
    assert not (tmp_path / "data").exists()


def test_a_secret_that_is_lost_after_mails_went_out_fails(engine, tmp_path, config):
    context = on(engine, tmp_path)
    before = line(settings.signing_key(context))
    with Session(engine) as session:
        stored(session)
        reader(session, "ada@example.org", "Graphs")
        planned(session, config)

    assert before.startswith("note secret: ")
    assert line(settings.signing_key(context)).startswith("fail secret: ")
    assert "put the copy back" in line(settings.signing_key(context))


def own(folder, name, text):
    """A context whose web pages come from a folder with this file of the user's."""
    path = folder / "own" / "web" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return patient(folder, '[web]\ntemplates = "own"\n')


def test_topics_letters_and_pages_that_compile_pass(tmp_path):
    said = line(settings.templates(patient(tmp_path)))

    assert said.startswith("ok templates: ")
    assert " letters, " in said


def test_a_broken_page_is_named_with_its_line(tmp_path):
    said = line(settings.templates(own(tmp_path, "front.html", "<p>\n{% if %}")))

    assert "front.html:2: Expected an expression" in said
    assert said.startswith("fail templates: ")


def test_a_broken_mail_and_a_folder_that_is_not_there_fail(tmp_path):
    mail = tmp_path / "mine" / "email" / "digest.mjml"
    mail.parent.mkdir(parents=True)
    mail.write_text("{% if %}")

    broken = line(settings.templates(patient(tmp_path, '[digest]\ntemplates = "mine"\n')))
    gone = line(settings.templates(patient(tmp_path, '[web]\ntemplates = "nowhere"\n')))

    assert broken.startswith("fail templates: ")
    assert "digest.mjml" in broken
    assert gone.startswith("fail templates: web.templates: 'nowhere' cannot be used")
