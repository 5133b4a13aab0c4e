"""Which papers, DOIs and categories are recognised in what upstreams write."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.identifiers import categories, identifiers, is_category
from subscribers.paper_keys import arxiv_id, doi


def test_arxivs_own_dois_are_arxiv_ids():
    given = [None, "10.48550/arXiv.2603.00001", "https://arxiv.org/abs/2603.00002v2", "doi:10.5555/X"]
    assert identifiers(given) == ("2603.00001", 0, "10.5555/x")
    assert identifiers([]) == ("", 0, "")


@given(st.text(max_size=50))
def test_no_text_breaks_the_search_for_identifiers(written):
    paper, version, name = identifiers([written, f"https://arxiv.org/abs/{written}", f"10.1234/{written}"])
    assert version >= 0
    assert paper == "" or arxiv_id(paper)[0] == paper
    assert name == "" or doi(name) == name


def test_only_arxiv_categories_are_kept():
    given = [
        "cs.LG",
        "I.2.7",
        "68T05, 68T07",
        "cond-mat.soft",
        "hep-th",
        "cs.LG",
        "physics.optics",
        "cs",
        "robotics",
        3,
    ]
    assert categories([*given, "stat.ML, q-bio.NC"]) == (
        ("cs.LG", "cond-mat.soft", "hep-th", "physics.optics", "stat.ML", "q-bio.NC")
    )
    assert not is_category("cs.ai")
