"""The checkers of checks/ judge what their tools say as they promise, without the tools."""

import gzip
import json

import pytest
from PIL import Image

from checks import __main__ as story
from checks import (
    browser,
    clients,
    hostile,
    letters,
    markup,
    node,
    programs,
    rspamd,
    site,
    size,
    spam,
    speed,
    titles,
)
from checks.letters import Mail
from checks.result import Result, judged, missing

REPORT = """\
Content analysis details:   (-0.3 points, 5.0 required)

 pts rule name              description
---- ---------------------- ------------------------------
 0.7 HTML_FONT_LOW_CONTRAST BODY: HTML font color similar to background
-1.0 MAILING_LIST_MULTI     Multiple indicators imply a list manager
"""


def mail(name="digest-10", html="<p>Hello</p>", papers=10, text="Hello"):
    return Mail(name, "digest", b"", html, text, {"papers": [{}] * papers})


def test_spamassassins_credit_for_a_list_does_not_hide_points_against_the_mail():
    score, rules = spam.read(REPORT)

    assert (score, rules) == (-0.3, {"HTML_FONT_LOW_CONTRAST": 0.7, "MAILING_LIST_MULTI": -1.0})
    assert spam.verdict([("digest", score, rules)]).met is False
    assert spam.verdict([("digest", -1.0, {"MAILING_LIST_MULTI": -1.0})]).met is True
    with pytest.raises(ValueError, match="no score"):
        spam.read("")


def test_rspamd_is_met_only_by_no_action():
    told = {"action": "no action", "score": 0.4, "required_score": 15.0, "symbols": {"X": {"score": 0.4}}}

    assert rspamd.verdict({"a": told}) == judged("no action, worst 0.40 of 15", [], ["X +0.40"])
    assert rspamd.verdict({"a": told, "b": told | {"action": "greylist"}}).met is False


def test_rspamd_sees_the_message_as_if_it_left_now():
    told = rspamd.sent_now(b"Date: Thu, 23 Apr 2020 14:00:00 +0000\r\nDate-Like: 2020\r\n\r\nDate: 2020\r\n")

    assert b"23 Apr 2020" not in told
    assert told.endswith(b"Date-Like: 2020\r\n\r\nDate: 2020\r\n")


def test_only_the_named_idioms_are_forgiven_by_the_html_checker():
    idiom = {"type": "error", "url": "/x/a.html", "message": "CSS: “mso-hide”: Property “mso-hide” doesn't exist."}
    error = {"type": "error", "url": "/x/a.html", "message": "Stray end tag “p”."}

    assert markup.verdict([idiom, {"type": "info", "message": "?"}]) == judged(
        "0 errors, 1 idioms", [], ["idiom: mso-hide"]
    )
    assert markup.verdict([idiom, error]).details[0] == "a: Stray end tag “p”."
    assert markup.verdict([idiom, error]).met is False


def test_a_feature_that_nobody_explained_misses_the_bar_and_a_client_that_cannot_be_asked_is_named():
    told = {"outlook.windows": {"border-radius": ["a"]}, "thunderbird.*": "not found"}

    assert clients.verdict(told).met is True
    assert "thunderbird.*" in clients.verdict(told).details[0]
    assert (
        clients.verdict({"gmail.ios": {"position": ["a"]}}).details[0]
        == "position is not supported by gmail.ios: a"
    )


@pytest.mark.parametrize(
    ("papers", "count", "met"), [(10, 60_000, True), (10, 60_001, False), (30, 90_001, False)]
)
def test_ten_papers_have_their_own_bar_of_bytes(papers, count, met):
    assert size.check([mail(html="x" * count, papers=papers)]).met is met


def test_time_over_its_bar_is_named():
    assert speed.verdict(20.0, 0.3).met is True
    assert speed.verdict(60.0, 0.6).details == ("compiling takes 60.0 ms", "rendering takes 0.60 ms")


def test_time_is_the_least_of_the_rounds():
    assert speed.milliseconds(lambda: None) < 1_000


def test_titles_come_first_and_sentences_of_abstracts_fill_up(tmp_path):
    papers = [
        {"title": "Plain", "abstract": "No. It is $x^2$ here. Then $y$."},
        {"title": r"On $\alpha$", "abstract": None},
    ]
    file = tmp_path / "papers.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, papers)).encode()))

    assert titles.corpus([file]) == [r"On $\alpha$", "It is $x^2$ here."]
    assert titles.verdict(titles.corpus([file])).figure == "100.0% of 2 readable"


def test_what_tex_left_in_a_title_is_listed(monkeypatch):
    monkeypatch.setattr(titles, "plain", lambda text: text)

    told = titles.verdict([r"\x", "$5", "x_{a", "a_(b_(c))", "ℝ^(m × n)", "{4,8}"])

    assert told.met is False
    assert [line.partition(":")[0] for line in told.details] == ["only 33.3% read well", *["left"] * 4, "plain"]


def test_without_data_the_titles_are_not_counted_as_read(monkeypatch, tmp_path):
    monkeypatch.setattr(titles, "DATA", tmp_path)

    assert titles.check([]).met is None


def test_pages_that_differ_by_a_reader_a_day_or_a_paper_are_of_one_kind():
    home = "http://127.0.0.1:1"
    paths = (
        "/",
        "/archive/2026-04-23?x=1",
        "/p/1.MuyPpMMbIWnKs7i5ZIuZSVc7Nv",
        "/papers/arxiv:2604.00001",
        "/editions/7",
    )

    assert [site.kind(home + path) for path in paths] == ["/", "/archive/*", "/p/*", "/papers/*", "/editions/*"]
    assert site.new_ones([f"{home}/a#b", f"{home}/site.css", "http://other.example/x"], home) == [f"{home}/a"]


def test_a_harmless_digest_is_found_harmless_and_a_harmful_one_harmful():
    good = hostile.made("words")
    bad = letters.in_an_envelope("bad", "a\u202eb", "text", f"<p>{'x' * 2000}", "ada@example.org", leave="")

    assert hostile.in_words(good) == []
    assert hostile.in_words(letters.in_an_envelope("x", "s", "a\u202eb", "", "ada@example.org")) == [
        "text holds 0x202e"
    ]
    assert hostile.in_words(bad) == ["no List-Unsubscribe"]


@pytest.mark.parametrize("name", hostile.WORDS)
def test_no_hostile_word_gets_out_of_its_place(name):
    made = hostile.made(hostile.WORDS[name])

    assert hostile.in_words(made) == []


def test_the_bundled_sample_makes_digests_of_each_size(tmp_path):
    found = list(letters.digests("digest", letters.shipped("sample") / "*.jsonl", letters.AT, (1, 5)))
    letters.write(found, tmp_path)

    assert [(each.name, each.papers) for each in found] == [("digest-1", 1), ("digest-5", 5)]
    assert {file.name for file in tmp_path.iterdir()} == {
        f"{each.name}.{kind}" for each in found for kind in ("eml", "html", "txt")
    }


def test_in_a_hurry_a_few_digests_stand_for_all_and_every_letter_stays():
    found = [mail("digest-1"), mail("digest-10"), Mail("confirm", "confirm", b"", "", "", {})]

    assert [each.name for each in browser.hurried(found, quick=True)] == ["digest-10", "confirm"]
    assert browser.hurried(found, quick=False) == found
    assert browser.dresses(mail(html="<style>x</style><p>"))[1] == ("bare", "<p>")


def test_a_picture_of_an_empty_window_shows_no_mail(tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "empty.png")
    Image.effect_mandelbrot((300, 300), (-2, -1.5, 1, 1.5), 200).save(tmp_path / "full.png")

    assert programs.drawn(tmp_path / "empty.png") is False
    assert programs.drawn(tmp_path / "none.png") is False
    assert programs.wide(f"{'x ' * 40}\nhttps://{'x' * 90}\nshort") == ["x " * 40]


def test_the_profile_is_dark_only_when_asked(tmp_path):
    programs.seed(tmp_path, "light")
    light = (tmp_path / "user.js").read_text()
    programs.seed(tmp_path, "dark")

    assert 'user_pref("network.proxy.http", "127.0.0.1");' in light
    assert "systemUsesDarkTheme" not in light
    assert "systemUsesDarkTheme" in (tmp_path / "user.js").read_text()


def test_mutt_is_told_to_ask_nothing_and_to_leave(tmp_path):
    files = programs.mutt_files(tmp_path)

    assert files["rc"].startswith(f"set folder={tmp_path}\n")
    assert files["rc"].endswith('push "<display-message><exit>"\n')
    assert f"{tmp_path}/shown" in files["pager"]


def test_without_npm_its_checkers_say_what_to_install_and_fail_nothing(monkeypatch):
    monkeypatch.setattr(node, "packages", lambda: None)

    told = [check([mail()]) for check in (clients.check, markup.check)]

    assert all(each.figure.startswith("not installed: ") for each in told)
    assert story.outcome(told, ci=True) == 0
    assert story.outcome(told, ci=False) == 3


def test_one_missed_bar_fails_it_all_and_a_tool_that_breaks_down_misses_its_bar():
    def broken(_):
        raise RuntimeError("why")

    result, _ = story.timed(broken, [])

    assert result == Result("broke down: RuntimeError", met=False, details=("why",))
    assert story.outcome([judged("", []), missing("x"), result], ci=True) == 1


def test_the_table_and_the_document_name_every_checker_that_ran(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(letters, "every", lambda: [mail()])

    assert story.main(["size", "--out", str(tmp_path)]) == 0
    assert "0.0 KB for ten" in capsys.readouterr().out
    assert story.main(["size", "--json", "--out", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["size"]["met"] is True
    assert story.main(["colour"]) == 2
    assert "no checker is called 'colour'" in capsys.readouterr().err
