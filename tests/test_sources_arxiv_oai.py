"""OAI-PMH: the protocol on recorded answers of another archive, arXiv's own format on answers made by hand."""

import tarfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay import DATA

from newsletter.errors import SourceRefused, SourceUnavailable
from newsletter.sources.arxiv_oai import harvest, is_news, page_of, set_of
from newsletter.sources.documents import xml_text

SINCE = date(2026, 3, 5)
FIRST = xml_text((DATA / "arxiv-oai-first.xml").read_bytes())
LAST = xml_text((DATA / "arxiv-oai-last.xml").read_bytes())
TOKEN = "verb%3DListRecords%26set%3Dcs%3Acs%3ALG%26skip%3D4"


def refusal(code, words=""):
    return f"<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><error code='{code}'>{words}</error></OAI-PMH>"


class Archive:
    """Gives its answers one after the other, the last one again and again, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, params):
        self.asked.append(dict(params))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_a_list_is_asked_for_by_set_and_day_and_then_by_token():
    archive = Archive(FIRST, LAST)

    harvest(archive, "cs.LG", SINCE)

    assert archive.asked == [
        {"verb": "ListRecords", "metadataPrefix": "arXiv", "set": "cs:cs:LG", "from": "2026-03-05"},
        {"verb": "ListRecords", "resumptionToken": TOKEN},
    ]


def test_all_pages_become_one_without_the_deleted_and_the_broken():
    page = harvest(Archive(FIRST, LAST), "cs.LG", SINCE)

    assert [record.entry.arxiv_id for record in page.records] == [
        "2603.05001",
        "2603.06002",
        "2403.01003",
        "2601.05005",
        "hep-th/0601006",
        "2603.07007",
    ]
    assert page.problems == [
        "record 4 (oai:arXiv.org:not-an-id) has no arXiv id: left out",
        "record 5 (2603.07008) has no title: left out",
        "record 6 (oai:arXiv.org:2603.07009) does not say when it changed: left out",
    ]


def test_an_entry_has_all_that_the_record_says():
    record = page_of(FIRST).records[0]
    entry = record.entry

    assert (entry.title, entry.abstract) == (
        r"A Missed Paper: $\alpha$-Fair Sorting",
        "We sort things fairly & say so, over two lines.",
    )
    assert (entry.authors, entry.author_count) == (("Ada Example", "Bo Sample Jr.", "Made-up Collaboration"), 3)
    assert (entry.categories, entry.doi) == (("cs.LG", "cs.DS"), "10.5555/abc.9")
    assert (entry.url, entry.pdf_url) == ("https://arxiv.org/abs/2603.05001", "https://arxiv.org/pdf/2603.05001")
    assert (entry.kind, entry.version, entry.announced_at) == ("replace", 0, None)
    assert (entry.published_at, record.changed) == (datetime(2026, 3, 4, tzinfo=UTC), date(2026, 3, 6))


def test_only_papers_that_are_new_themselves_are_news():
    records = harvest(Archive(FIRST, LAST), "cs.LG", SINCE).records

    assert [record.entry.arxiv_id for record in records if is_news(record, SINCE)] == [
        "2603.05001",
        "2603.06002",
        "2603.07007",
    ]


@pytest.mark.parametrize(
    ("created", "news"), [("2026-02-19", True), ("2026-02-18", False), ("?", False), ("", False)]
)
def test_a_paper_may_have_waited_two_weeks_for_its_announcement(created, news):
    record = page_of(FIRST.replace("2026-03-04", created)).records[0]

    assert is_news(record, SINCE) is news


@pytest.mark.parametrize(
    ("since", "identifier", "news"),
    [
        (date(2026, 3, 2), "2602.09001", True),
        (date(2026, 3, 2), "2601.09001", False),
        (date(2027, 1, 2), "2612.09001", True),
        (date(2026, 3, 5), "2602.09001", False),
    ],
)
def test_the_month_in_an_id_is_that_of_the_announcement(since, identifier, news):
    text = FIRST.replace("2603.05001", identifier).replace("2026-03-04", since.isoformat())

    assert is_news(page_of(text).records[0], since) is news


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.LG", "cs:cs:LG"),
        ("cs", "cs:cs"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
        ("eess.AS", "eess:eess:AS"),
        ("hep-th", "physics:hep-th"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("physics.optics", "physics:physics:optics"),
        ("math-ph", "physics:math-ph"),
        ("nlin.CD", "physics:nlin:CD"),
    ],
)
def test_each_category_has_its_set(category, name):
    assert set_of(category) == name


def test_nothing_new_is_an_empty_list():
    page = harvest(Archive(refusal("noRecordsMatch")), "cs.LG", SINCE)

    assert (page.records, page.problems) == ([], [])


def test_a_list_whose_token_expired_is_begun_anew_once():
    archive = Archive(FIRST, refusal("badResumptionToken"), FIRST, LAST)

    page = harvest(archive, "cs.LG", SINCE)

    assert len(page.records) == 6
    assert ["from" in asked for asked in archive.asked] == [True, False, True, False]


def test_a_list_that_breaks_off_twice_is_for_another_time():
    archive = Archive(FIRST, refusal("badResumptionToken"), FIRST, refusal("badResumptionToken"))

    with pytest.raises(SourceUnavailable, match=r"'cs\.LG' broke off twice"):
        harvest(archive, "cs.LG", SINCE)
    assert len(archive.asked) == 4


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal("badArgument", "Set is invalid"), r"refused to list 'cs\.LG' \(badArgument: Set is invalid\)"),
        (refusal("undefinedError"), r"\(undefinedError\)"),
        (refusal("badResumptionToken"), r"\(badResumptionToken\)"),
        (refusal(""), r"\(no code\)"),
    ],
)
def test_any_other_error_is_a_refusal_in_the_archives_own_words(answer, words):
    with pytest.raises(SourceRefused, match=words):
        harvest(Archive(answer), "cs.LG", SINCE)


def test_a_token_that_comes_again_is_not_followed_in_a_circle():
    archive = Archive(FIRST)

    with pytest.raises(SourceRefused, match="without an end"):
        harvest(archive, "cs.LG", SINCE)
    assert len(archive.asked) == 2


def test_a_list_has_a_bound(monkeypatch):
    monkeypatch.setattr("newsletter.sources.arxiv_oai.MOST_PAGES", 5)
    archive = Archive(*(FIRST.replace(TOKEN, f"token {number}") for number in range(9)))

    with pytest.raises(SourceRefused, match="without an end"):
        harvest(archive, "cs.LG", SINCE)
    assert len(archive.asked) == 5


@pytest.fixture(scope="module")
def recorded(shared_data):
    """All recorded answers of the protocol by their names; they are of 2001 to 2013, in Dublin Core."""
    with tarfile.open(shared_data / "arxiv" / "oai-pmh-responses.tar.gz") as archive:
        return {
            member.name.rpartition("/")[2].removesuffix(".xml"): archive.extractfile(member).read()
            for member in archive
            if member.name.endswith(".xml")
        }


ERRORS = (
    "badArgument",
    "badResumptionToken",
    "cannotDisseminateFormat",
    "idDoesNotExist",
    "noRecordsMatch",
    "noSetHierarchy",
    "undefinedError",
)
LISTS = {
    "ListRecords": "ListRecords2.xml",
    "ListRecords2": "ListRecords3.xml",
    "ListRecords3": "ListRecords4.xml",
    "ListRecords4": "",
}
OTHERS = (
    "GetRecord",
    "GetRecord_utf8test",
    "Identify",
    "ListIdentifiers",
    "ListIdentifiers2",
    "ListMetadataFormats",
    "ListSets",
)


@pytest.mark.shared_data
def test_the_recorded_answers_are_those_that_are_tested_here(recorded):
    assert set(recorded) == {*ERRORS, *LISTS, *OTHERS, "ListRecordsBroken"}
    assert len(recorded) == 19


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ERRORS)
def test_recorded_errors_are_known_by_their_code(recorded, name):
    page = page_of(xml_text(recorded[name]))

    assert (page.error, page.records, page.token) == (name, [], "")


@pytest.mark.shared_data
@pytest.mark.parametrize("name", LISTS)
def test_recorded_lists_give_their_token_and_say_what_they_cannot_give(recorded, name):
    page = page_of(xml_text(recorded[name]))

    assert (page.token, page.error, page.records) == (LISTS[name], "", [])
    assert page.problems == ["record 2 (oai:test.example.com:1585322) is not in arXiv's format: left out"]


@pytest.mark.shared_data
def test_the_recorded_lists_follow_each_other_to_the_end(recorded):
    def ask(params):
        name = params.get("resumptionToken", "ListRecords.xml")
        return xml_text(recorded[name.removesuffix(".xml")])

    assert len(harvest(ask, "cs.LG", SINCE).problems) == 4


@pytest.mark.shared_data
@pytest.mark.parametrize("name", [*OTHERS, "ListRecordsBroken"])
def test_recorded_answers_to_other_questions_are_refused(recorded, name):
    with pytest.raises(SourceRefused, match=r"no list of records|not well-formed"):
        page_of(xml_text(recorded[name]))


@pytest.mark.parametrize("text", ["", "<html/>", "<OAI-PMH>", "<OAI-PMH/>"])
def test_what_is_no_answer_of_the_protocol_is_refused(text):
    with pytest.raises(SourceRefused):
        page_of(text)


@given(
    st.lists(
        st.sampled_from(["record", "header", "metadata", "arXiv", "id", "title", "authors", "author"]), max_size=9
    )
)
def test_no_shape_of_a_list_is_a_crash(names):
    inner = (
        "".join(f"<{name}>" for name in names) + "2603.00001" + "".join(f"</{name}>" for name in reversed(names))
    )

    page = page_of(f"<OAI-PMH><ListRecords>{inner}</ListRecords></OAI-PMH>")

    assert len(page.records) + len(page.problems) == (names[:1] == ["record"])
