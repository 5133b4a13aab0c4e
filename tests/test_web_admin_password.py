"""The password of the admin pages: an addition to login links, held up when somebody guesses, never told."""

import pytest
import structlog
from command_line import as_json, run
from sqlmodel import Session, select
from web_admin import link_for, lite, stranger

from newsletter import admin_password
from newsletter.config import load
from newsletter.errors import ConfigError
from newsletter.record_models import Run
from newsletter.web.admin_page import COOKIE

__all__ = ["lite"]  # the fixture
PASSWORD = "a horse, a battery"
# Made once, with the least that argon2 takes: a real one costs a tenth of a second each time.
HASH = admin_password.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def one(lite, tmp_path):
    return stranger(lite, tmp_path, f"[admin]\npassword_hash = '{HASH}'\n")


def tries(one, password, page="/admin/login"):
    return one.send("/admin/login", page, password=password)


def test_the_right_password_opens_the_pages(one, lite):
    answer = tries(one, PASSWORD)

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    assert one.get("/admin").status_code == 200
    with Session(lite) as session:
        assert session.exec(select(Run.words)).all()[-1] == "logged in with the password"


@pytest.mark.parametrize("password", ["", "a horse", f"{PASSWORD} ", "x" * 5000, "é\u202e"])
def test_a_wrong_one_opens_nothing(one, password):
    answer = tries(one, password)

    assert (answer.status_code, "That is not the password" in answer.text) == (403, True)
    assert one.get("/admin").status_code == 403
    assert one.http.cookies.get(COOKIE) is None


def test_guessing_is_held_up_and_a_link_still_works(one):
    codes = [tries(one, "a wrong password").status_code for _ in range(20)]
    held_up = tries(one, PASSWORD)

    assert (set(codes), held_up.status_code, "Retry-After" in held_up.headers) == ({403}, 429, True)
    assert one.send(link_for(one)).status_code == 303


def test_a_form_of_another_site_is_refused(one):
    answer = one.post("/admin/login", {"password": PASSWORD}, {"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert one.get("/admin").status_code == 403


def test_without_a_password_there_is_no_form(lite, tmp_path):
    one = stranger(lite, tmp_path)

    answers = [one.get("/admin/login"), tries(one, "", "/subscribe")]

    assert [each.status_code for each in answers] == [403, 403]
    assert all("newsletter admin link" in each.text and "password" not in each.text for each in answers)


def test_the_locked_page_leads_to_the_form(one):
    assert 'href="/admin/login"' in one.get("/admin").text


def test_no_password_is_in_the_log(one):
    structlog.reset_defaults()  # a command of another test may have turned the log down

    with structlog.testing.capture_logs() as lines:
        tries(one, PASSWORD)

    assert ("/admin/login", 303) in {(line["route"], line["status"]) for line in lines}
    assert "horse" not in str(lines)


def test_the_command_prints_a_line_that_the_configuration_takes(tmp_path):
    told = run("admin", "password", typed=f"{PASSWORD}\n{PASSWORD}\n").stdout
    tmp_path.joinpath("config.toml").write_text(told)

    kept = load(tmp_path / "config.toml").admin.password_hash

    assert admin_password.matches(kept, PASSWORD)
    assert not admin_password.matches(kept, "another password")
    assert PASSWORD not in told


def test_the_command_prints_json(monkeypatch):
    monkeypatch.setattr("typer.prompt", lambda *_, **__: PASSWORD)

    document = as_json("admin", "password")

    assert set(document) == {"password_hash"}
    assert admin_password.is_hash(document["password_hash"])


@pytest.mark.parametrize(("password", "why"), [("short", "at least 12"), ("x" * 1001, "at most 1000")])
def test_a_password_that_will_not_do_is_refused(password, why):
    assert why in run("admin", "password", typed=f"{password}\n{password}\n", code=2).stderr


@pytest.mark.parametrize("value", ["a plain password", "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA"])
def test_what_is_no_hash_is_refused_and_not_repeated(tmp_path, value):
    tmp_path.joinpath("config.toml").write_text(f"[admin]\npassword_hash = '{value}'\n")

    with pytest.raises(ConfigError, match="newsletter admin password") as caught:
        load(tmp_path / "config.toml")

    assert value not in str(caught.value)


def test_a_broken_hash_matches_nothing():
    assert not admin_password.matches("$argon2id$broken", PASSWORD)
