"""Which papers are recognised in ids, DOIs, links and running text, and the keys they get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.paper_keys import arxiv_id, doi, key, keys, quoted, title_key


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
        ("https://huggingface.co/papers/2508.13426", ("2508.13426", 0)),
        ("https://www.alphaxiv.org/abs/2508.13426v1", ("2508.13426", 1)),
        ("https://alphaxiv.org/overview/2508.13426", ("2508.13426", 0)),
        ("https://ar5iv.labs.arxiv.org/html/2508.13426", ("2508.13426", 0)),
        ("https://huggingface.co/models/2508.13426", ("", 0)),
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
        ("https://www.biorxiv.org/content/10.1101/2026.01.02.123456v2.full-text", "10.1101/2026.01.02.123456"),
        ("https://www.medrxiv.org/content/10.1101/2026.01.02.123456", "10.1101/2026.01.02.123456"),
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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1706.03762", ["arxiv:1706.03762"]),
        ("see 1706.03762, and 1810.04805v2.", ["arxiv:1706.03762", "arxiv:1810.04805"]),
        ("1706.03762,1810.04805", ["arxiv:1706.03762", "arxiv:1810.04805"]),
        ("[Attention](https://arxiv.org/abs/1706.03762).", ["arxiv:1706.03762"]),
        ("<http://arxiv.org/pdf/1706.03762v5.pdf>", ["arxiv:1706.03762"]),
        ("arxiv.org/abs/1706.03762 and www.alphaxiv.org/abs/1810.04805", ["arxiv:1706.03762", "arxiv:1810.04805"]),
        (
            "https://arxiv.org/abs/1706.03762,https://huggingface.co/papers/1810.04805",
            ["arxiv:1706.03762", "arxiv:1810.04805"],
        ),
        ("arXiv: hep-th/9901001 [hep-th]", ["arxiv:hep-th/9901001"]),
        ("math.GT/0309136v3", ["arxiv:math/0309136"]),
        ("(doi:10.1016/S0140-6736(20)30183-5).", ["doi:10.1016/s0140-6736(20)30183-5"]),
        ("10.48550/arXiv.1706.03762", ["arxiv:1706.03762"]),
        ("https://openreview.net/forum?id=abc", [""]),
        ("pages 1234.5678 to 17060.3762 of 2019.1", []),
        ("C3-1706.03762-x", []),
        ("a title without any", []),
        ("https://a.example/" + ")" * 400, [""]),
    ],
)
def test_papers_are_found_inside_a_text(text, found):
    assert [each.key for each in quoted(text)] == found


def test_what_closes_a_sentence_is_no_part_of_an_identifier():
    text = "read (https://arxiv.org/abs/1706.03762)."

    (each,) = quoted(text)

    assert text[each.start : each.end] == "https://arxiv.org/abs/1706.03762"


def test_the_first_key_is_the_canonical_one():
    assert keys("1706.03762", "10.1/AB", "A title") == ["arxiv:1706.03762", "doi:10.1/ab", title_key("a  TITLE")]
    assert keys("", "10.1/" + "x" * 200, "A title") == [title_key("A title")]
    assert (key("arXiv:1706.03762v3"), key("doi:10.1000/AB"), key("Attention")) == (
        "arxiv:1706.03762",
        "doi:10.1000/ab",
        "",
    )


@given(st.text(max_size=60))
def test_whatever_is_found_stands_where_it_says(text):
    for each in quoted(f"1706.03762 {text} https://{text}"):
        assert 0 <= each.start < each.end
        assert each.key == "" or each.key.startswith(("arxiv:", "doi:"))
