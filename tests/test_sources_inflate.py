"""What packed bytes become, and that no bomb goes off."""

import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceRefused
from newsletter.sources.inflate import inflate, joined


@given(st.binary(max_size=3000), st.integers(1, 40), st.integers(0, 4000))
def test_what_was_packed_comes_out_or_is_refused_by_its_size(body, size, cap):
    packed = gzip.compress(body)
    chunks = [packed[place : place + size] for place in range(0, len(packed), size)]
    if len(body) <= cap:
        assert inflate([*chunks, b"\0\0"], cap) == body
    else:
        with pytest.raises(SourceRefused, match="is larger than"):
            inflate(chunks, cap)


@given(st.binary(max_size=200))
def test_any_bytes_are_unpacked_or_refused(body):
    with suppress(SourceRefused, EOFError):
        assert len(inflate([body], 1000)) <= 1000


def test_chunks_are_counted_when_they_are_joined():
    assert joined([b"ab", b"c"], 3) == b"abc"
    with pytest.raises(SourceRefused):
        joined([b"ab", b"cd"], 3)
