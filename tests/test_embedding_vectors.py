"""Vectors are one long or 0, whatever comes in; centring takes away what all share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from newsletter.embedding.vectors import centred, unit, whole


@given(st.text(), st.text())
def test_any_text_can_be_encoded_and_is_bounded(title, body):
    found = whole((title, body), 4)

    assert found.encode("utf-8").decode() == found
    assert len(found) <= 48
    assert bool(found) == bool(title.strip() or body.strip())


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("Graphs.", " We study graphs. ", "Graphs. We study graphs."),
        ("Are graphs enough?", "No.", "Are graphs enough? No."),
        ("Graphs", "We study.", "Graphs. We study."),
        ("Graphs", "", "Graphs"),
        ("", "We study.", "We study."),
        (" ", "", ""),
    ],
)
def test_title_and_body_become_one_text(title, body, expected):
    assert whole((title, body), 256) == expected


@given(arrays(np.float32, (3, 4), elements=st.floats(width=32)))
def test_rows_are_one_long_or_0(rows):
    lengths = np.linalg.norm(unit(rows), axis=1)

    assert np.all((np.abs(lengths - 1) < 1e-3) | (lengths == 0))


def test_what_all_share_is_taken_away_and_the_unknown_stays_unknown():
    rows = np.array([[3, 1], [3, -1], [0, 0]], dtype=np.float32)

    assert centred(rows, np.array([3, 0], dtype=np.float32)).tolist() == [[0, 1], [0, -1], [0, 0]]
