"""Which papers, DOIs and categories are recognised in what upstreams write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.identifiers import arxiv_id, categories, doi, identifiers, is_category


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2508.13426", ("2508.13426", 0)),
        ("2508.13426v12", ("2508.13426", 12)),
        ("arXiv:0704.0001v1", ("0704.0001", 1)),
        ("oai:arXiv.org:2203.01250v3", ("2203.01250", 3)),
        ("http://arxiv.org/abs/astro-ph/0601001v1", ("astro-ph/0601001", 1)),
        ("https://export.arxiv.org/pdf/2508.13426v2.pdf", ("2508.13426", 2)),
        ("https://www.arxiv.org/abs/2508.13426?context=cs#top", ("2508.13426", 0)),
        ("math.GT/0309136v3", ("math/0309136", 3)),
        ("https://doi.org/10.48550/arXiv.2508.13426", ("2508.13426", 0)),
        ("0000.0000", ("", 0)),
        ("2513.00001", ("", 0)),
        ("cooking/0601001", ("", 0)),
        ("see 2508.13426", ("", 0)),
        ("https://evil.example/abs/2508.13426", ("", 0)),
        ("2508.134267", ("", 0)),
        ("x" * 1000, ("", 0)),
        (None, ("", 0)),
    ],
)
def test_arxiv_ids_are_found_however_they_are_written(written, found):
    assert arxiv_id(written) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("10.1101/2026.01.02.123456", "10.1101/2026.01.02.123456"),
        ("doi:10.1038/S41586-026-1", "10.1038/s41586-026-1"),
        ("https://doi.org/10.1002/%28SICI%291097", "10.1002/(sici)1097"),
        ("https://dl.acm.org/doi/abs/10.1145/3.4?x=1", "10.1145/3.4"),
        ("https://a.example/about/10.1145/3.4", ""),
        ("10.1234/a.", "10.1234/a"),
        ("10.1234/;", ""),
        ('10.1234/<a href="">', ""),
        ("10.1234/" + "x" * 200, ""),
        ("text 10.1234/abc", ""),
        ("x" * 1000, ""),
        (None, ""),
    ],
)
def test_dois_are_found_and_in_lower_case(written, found):
    assert doi(written) == found


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
