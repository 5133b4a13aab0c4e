"""Fragments joined are what the whole would be, and no more of them are kept than was said."""

import quopri
import threading

from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.fragments import Kept, html_bit, html_joined, html_value, merged, text_bit, text_joined
from newsletter.mail.words import tidy

BLANKS = st.text(" \n\t\u00a0\u2028", max_size=5)
PIECES = st.lists(st.one_of(BLANKS, st.text("ab é.\n \u3000", max_size=12)), max_size=8)


def read(pieces):
    return quopri.decodestring(b"".join(pieces)).replace(b"\r\n", b"\n").decode()


@given(PIECES, st.integers(0, 8), st.integers(0, 8))
def test_a_text_in_pieces_is_tidied_as_a_whole(texts, start, end):
    bits = [text_bit(text) for text in texts]
    inner = [merged(bits[start:end])] if bits[start:end] else []
    together = [*bits[:start], *inner, *bits[max(start, end) :]] if start <= end else bits

    assert read(text_joined(bits)) == tidy("".join(texts))
    assert read(text_joined(together)) == tidy("".join(texts))


@given(PIECES)
def test_html_in_pieces_is_joined_as_it_is_and_knows_its_size(texts):
    bits = [html_bit(text) for text in texts]
    whole = merged(bits) if bits else html_bit("")

    assert read(html_joined(bits)) == read(html_joined([whole])) == "".join(texts)
    assert whole.size == len("".join(texts).encode())


def test_a_value_is_escaped_in_html():
    assert read(html_joined([html_value("<b> & 'c' \"d\"")])) == "&lt;b&gt; &amp; &#39;c&#39; &#34;d&#34;"
    assert read(html_joined([html_value(12)])) == "12"


def test_what_is_kept_stays_within_its_bounds_and_what_is_used_stays():
    kept = Kept(10_000, len)
    for number in range(1_000):
        kept.put(number, b"x" * 100)
        assert kept.get(0) is not None or number > 500
        kept.get(0)

    assert kept.get(0) is not None
    assert kept.get(999) is not None
    assert kept.get(500) is None
    assert sum(kept.get(number) is not None for number in range(1_000)) * 300 <= 20_000


def test_nothing_is_kept_where_there_is_no_room():
    kept = Kept(0, len)
    kept.put("a", b"x")

    assert kept.get("a") is None


def test_several_threads_may_keep_at_once():
    kept, wrong = Kept(50_000, len), []

    def work(own):
        for number in range(2_000):
            key = (number * own) % 97
            kept.put(key, b"%d" % key)
            found = kept.get(key)
            if found not in {None, b"%d" % key}:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(own,)) for own in (1, 3, 5, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
