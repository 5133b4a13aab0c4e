"""Papers that somebody pasted: what each line or entry names, what names none, and how it is written again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import InvalidPreference
from subscribers.paper_keys import title_key
from subscribers.pasted import MOST_EXAMPLES, Named, clean, read, read_items, written

LIST = """\
Papers that I like

1. https://arxiv.org/abs/1706.03762v5
- Denoising Diffusion Probabilistic Models (https://arxiv.org/pdf/2006.11239)
2401.00001 and https://huggingface.co/papers/2401.00002
Jumper et al. "Highly accurate protein structure prediction", Nature. doi: 10.1038/s41586-021-03819-2
title: Attention
----
深度学习在医学图像中的应用
https://openreview.net/forum?id=x Scaling laws of everything
"""


def test_each_line_names_a_paper_by_id_link_or_title():
    assert read(LIST) == (
        Named(title_key("Papers that I like"), "Papers that I like"),
        Named("arxiv:1706.03762"),
        Named("arxiv:2006.11239", "Denoising Diffusion Probabilistic Models"),
        Named("arxiv:2401.00001"),
        Named("arxiv:2401.00002"),
        Named(
            "doi:10.1038/s41586-021-03819-2",
            'Jumper et al. "Highly accurate protein structure prediction", Nature',
        ),
        Named(title_key("Attention"), "Attention"),
        Named(title_key("深度学习在医学图像中的应用"), "深度学习在医学图像中的应用"),
        Named(title_key("Scaling laws of everything"), "Scaling laws of everything"),
    )


BIBTEX = r"""% Encoding: UTF-8
@article{dblp, title={{BERT}}, journal={CoRR}, volume={abs/1810.04805}, abstract={We {introduce} it.}}
@misc{eprint, eprint={hep-th/9901001}, archivePrefix={arXiv}, doi={10.1000/x}}
@misc{scholar, title={Attention Is All You Need}, journal={arXiv preprint arXiv:1706.03762}}
@article{doi, doi={https://doi.org/10.1000/A\_B}, pages={1203.12345}}
@book{title, title={Deep Learn\-ing by {\"O}zg\"ur}}
@misc{url, howpublished={\url{https://arxiv.org/abs/2006.11239}}}
10.1145/3292500.3330701
"""


def test_bibtex_tells_ids_wherever_its_exporters_put_them():
    assert read(BIBTEX) == (
        Named("arxiv:1810.04805", "BERT", "We introduce it."),
        Named("arxiv:hep-th/9901001"),
        Named("arxiv:1706.03762", "Attention Is All You Need"),
        Named("doi:10.1000/a_b"),
        Named(title_key("Deep Learning by Özgür"), "Deep Learning by Özgür"),
        Named("arxiv:2006.11239"),
        Named("doi:10.1145/3292500.3330701"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Graphs", "examples: 'Graphs' cannot be used: line 1: no arXiv id, DOI or title found; give an arXiv id"),
        ("2401.00001\n\nhttps://a.example/paper", "'https://a.example/paper' cannot be used: line 3: no arXiv id"),
        ("@misc{noether1918, year=1918}", "'the entry noether1918' cannot be used: line 1: no arXiv id"),
        ("\n@misc{year=1918}", "'an entry' cannot be used: line 2:"),
        ("title: ???", "'title: ???' cannot be used: line 1:"),
        ("a\nb", "'a' cannot be used: line 1 (also line 2): no arXiv id"),
        ("a\nb\nc\nd\ne\nf", "'a' cannot be used: line 1 (also line 2, line 3, more): no"),
        ("x" * 200_001, "it is 200 kB long: give at most 200 kB at a time"),
        ("ö" * 150_000, "it is 300 kB long"),
        ("\n".join(f"2401.{number:05}" for number in range(101)), "101 cannot be used: one reader can have 100"),
        ("@misc{a}\n" * 101, "101 cannot be used: one reader can have 100"),
    ],
)
def test_what_names_no_paper_is_told_with_its_line_and_the_cure(text, said):
    with pytest.raises(InvalidPreference) as error:
        read(text)

    assert said in str(error.value)


@pytest.mark.parametrize("text", ["", " \n\t", "---\n***", "% only a comment\n@comment{nothing}"])
def test_nothing_pasted_is_nothing_named(text):
    assert read(text) == ()


def test_a_paper_that_comes_twice_is_one_with_the_most_that_is_told():
    text = "1706.03762\n@misc{a, eprint={1706.03762}, title={Attention}, abstract={Told}}\narXiv:1706.03762v3"

    assert read(text) == (Named("arxiv:1706.03762", "Attention", "Told"),)


def test_as_many_as_a_reader_can_have_are_taken():
    assert len(read("\n".join(f"2401.{number:05}" for number in range(MOST_EXAMPLES)))) == MOST_EXAMPLES


def test_items_are_lines_and_a_wrong_one_is_named_by_its_number():
    assert read_items(["1706.03762", "A title\nof two lines"]) == (
        Named("arxiv:1706.03762"),
        Named(title_key("A title of two lines"), "A title of two lines"),
    )
    with pytest.raises(InvalidPreference, match="'graphs' cannot be used: number 2: no arXiv id"):
        read_items(["1706.03762", "graphs"])
    with pytest.raises(InvalidPreference, match="'graphs' cannot be used: no arXiv id"):
        read_items(["graphs"])


def test_titles_and_abstracts_are_cut_and_hold_nothing_hidden():
    (paper,) = read(f"@misc{{a, title={{{'long ' * 400}}}, abstract={{{'x' * 9000}}}}}")

    assert (len(paper.title) <= 1000, len(paper.abstract)) == (True, 2000)
    assert clean("a\x00b\u202ec\u2028d\ud800 e") == "a bc d e"


@pytest.mark.parametrize(
    ("key", "title", "line"),
    [
        ("arxiv:math/0309136", "Any", "arXiv:math/0309136"),
        ("doi:10.1000/a(b)c", "", "doi:10.1000/a(b)c"),
        ("doi:10.1000/a;2-2", "", "https://doi.org/10.1000/a%3B2-2"),
        ("doi:10.1000/a)", "", "https://doi.org/10.1000/a%29"),
        (title_key("Deep learning; a survey"), "Deep learning; a survey", "Deep learning, a survey"),
        (title_key("Attention"), "Attention", "title:Attention"),
        (title_key("On arXiv:1706.03762"), "On arXiv:1706.03762", "title:On arXiv:1706.03762"),
    ],
)
def test_a_paper_is_written_so_that_it_is_read_as_the_same(key, title, line):
    assert written(key, title) == line
    assert [each.key for each in read_items([line])] == [key]


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["10.1/", "title:", "1706.03762", "a", " ", ";", "("])).map("".join)
)
def test_whatever_is_read_can_be_written_and_read_again(text):
    try:
        found = read_items([f"{text}", f"title: {text} x"])
    except InvalidPreference:
        return
    for each in found:
        line = written(each.key, each.title)
        assert ";" not in line
        assert [again.key for again in read_items([line])] == [each.key]


HOSTILE = st.sampled_from(
    ["@misc{", "title={", "}", "\n", "10.1/x", "arXiv:", "https://", '"', "\\frac{", "1706.03762", "ab "]
)


@given(st.text(max_size=200) | st.lists(HOSTILE, max_size=60).map("".join))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        found = read(text)
    except InvalidPreference:
        return
    assert len({each.key for each in found}) == len(found) <= MOST_EXAMPLES
    assert all(len(each.key) <= 200 and len(each.title) <= 1000 for each in found)
