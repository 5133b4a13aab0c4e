"""A link does what it was signed for, for the reader it was signed for, and nothing else."""

import hmac
import random
import re
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from subscribers import tokens
from subscribers.errors import InvalidToken
from subscribers.tokens import Purpose, digest, read, sign

NEW, OLD, OTHER = "the newest secret of all", "the secret of last year", "a stranger's secret"
IDS = st.integers(min_value=1, max_value=2**63 - 1)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=!% \n\ud800é٣"


@given(IDS, st.sampled_from(Purpose))
def test_a_token_tells_its_reader(number, purpose):
    token = sign(purpose, number, [NEW])
    assert read(purpose, token, [NEW]) == number
    assert re.fullmatch(r"[0-9]{1,19}\.[A-Za-z0-9_-]{26}", token)


@given(IDS, st.data())
def test_every_tampered_token_is_refused(number, data):
    token = sign(Purpose.UNSUBSCRIBE, number, (NEW,))
    at = data.draw(st.integers(0, len(token)))
    cut = data.draw(st.integers(0, 2))
    changed = token[:at] + data.draw(st.text(ALPHABET, max_size=3)) + token[at + cut :]
    assume(changed != token)
    with pytest.raises(InvalidToken):
        read(Purpose.UNSUBSCRIBE, changed, (NEW,))


@given(st.text())
def test_a_text_that_is_no_token_is_refused(text):
    with pytest.raises(InvalidToken):
        read(Purpose.ARCHIVE, text, [NEW])


def test_no_letter_of_a_token_can_be_exchanged():
    token = sign(Purpose.UNSUBSCRIBE, 7, [NEW])
    for at in range(len(token)):
        for letter in ALPHABET.replace(token[at], ""):
            with pytest.raises(InvalidToken):
                read(Purpose.UNSUBSCRIBE, token[:at] + letter + token[at + 1 :], [NEW])


@pytest.mark.parametrize("other", [Purpose.PREFERENCES, Purpose.ARCHIVE])
def test_a_token_for_another_purpose_is_refused(other):
    with pytest.raises(InvalidToken, match=f"this {other} link is incomplete or not ours"):
        read(other, sign(Purpose.UNSUBSCRIBE, 7, [NEW]), [NEW])


def test_a_long_tail_after_a_token_is_refused():
    with pytest.raises(InvalidToken):
        read(Purpose.UNSUBSCRIBE, sign(Purpose.UNSUBSCRIBE, 7, [NEW]) + "A" * 1000, [NEW])
    with pytest.raises(InvalidToken):
        read(Purpose.UNSUBSCRIBE, "9" * 10_000 + ".x", [NEW])


def test_an_old_key_still_opens_and_the_newest_signs():
    old = sign(Purpose.UNSUBSCRIBE, 7, [OLD])
    assert read(Purpose.UNSUBSCRIBE, old, [NEW, OLD]) == 7
    assert sign(Purpose.UNSUBSCRIBE, 7, [NEW, OLD]) == sign(Purpose.UNSUBSCRIBE, 7, [NEW])
    with pytest.raises(InvalidToken):
        read(Purpose.UNSUBSCRIBE, old, [NEW, OTHER])


def test_a_token_names_its_key_and_a_retired_key_opens_nothing():
    new, old = (sign(Purpose.CONFIRM, 7, [key]) for key in (NEW, OLD))

    assert new[:4] != old[:4]
    with pytest.raises(InvalidToken):
        read(Purpose.CONFIRM, old, [NEW])
    for at in (2, 3):  # the signature is right, the key's name is not
        with pytest.raises(InvalidToken):
            read(Purpose.CONFIRM, new[:at] + old[at] + new[at + 1 :], [NEW, OLD])


def test_keys_of_one_name_are_both_tried(monkeypatch):
    monkeypatch.setattr(tokens, "_key_id", lambda key: "xx")

    assert read(Purpose.CONFIRM, sign(Purpose.CONFIRM, 7, [OLD]), [NEW, OLD]) == 7


def _guesses(chance):
    """Tokens made up from nothing, and right ones with a letter or two exchanged."""
    letters, real = string.ascii_letters + string.digits + "-_", sign(Purpose.PREFERENCES, 7, [NEW])
    for _ in range(50_000):
        number = chance.choice([7, chance.randrange(1, 10**6)])
        yield f"{number}.{real[2:4]}{''.join(chance.choices(letters, k=24))}"
        changed = list(real)
        for at in chance.sample(range(4, len(real)), k=chance.randrange(1, 3)):
            changed[at] = chance.choice(letters.replace(changed[at], ""))
        yield "".join(changed)


@pytest.mark.uncounted
def test_a_hundred_thousand_guesses_find_nothing():
    found = 0
    for guess in _guesses(random.Random(20260310)):
        try:
            found += read(Purpose.PREFERENCES, guess, [NEW])
        except InvalidToken:
            continue

    assert found == 0


@pytest.mark.parametrize(
    "guess",
    [
        pytest.param(lambda token: token[:2] + ("AA" if token[2:4] != "AA" else "BB") + token[4:], id="key"),
        pytest.param(lambda token: "8" + token[1:], id="number"),
        pytest.param(lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), id="last letter"),
        pytest.param(lambda token: token[:4] + ("A" if token[4] != "A" else "B") + token[5:], id="first letter"),
        pytest.param(lambda token: "7.", id="nothing"),
        pytest.param(lambda token: "7", id="no dot"),
        pytest.param(lambda token: token + "A", id="too long"),
        pytest.param(lambda token: token, id="right"),
    ],
)
def test_one_comparison_in_constant_time_decides_over_every_guess(monkeypatch, guess):
    compared, real = [], hmac.compare_digest
    token = sign(Purpose.PREFERENCES, 7, [NEW])
    monkeypatch.setattr(hmac, "compare_digest", lambda *both: compared.append(both) or real(*both))

    try:
        opened = read(Purpose.PREFERENCES, guess(token), [NEW, OLD])
    except InvalidToken:
        opened = None

    assert (opened, len(compared)) == (7 if guess(token) == token else None, 1)


def test_the_refusal_does_not_repeat_the_token():
    token = sign(Purpose.UNSUBSCRIBE, 7, [NEW])
    with pytest.raises(InvalidToken) as refused:
        read(Purpose.UNSUBSCRIBE, token, [OTHER])
    assert token not in str(refused.value)


@pytest.mark.parametrize("keys", [[], (), [""], [NEW, ""]])
def test_an_empty_secret_signs_nothing(keys):
    with pytest.raises(ValueError, match="no secret"):
        sign(Purpose.UNSUBSCRIBE, 7, keys)
    with pytest.raises(ValueError, match="no secret"):
        digest(keys, "a", length=8)


@given(st.lists(st.text(st.characters(codec="utf-8"))), st.integers(1, 51))
def test_a_digest_is_short_lower_case_and_always_the_same(parts, length):
    found = digest([NEW, OLD], *parts, length=length)
    assert re.fullmatch(f"[a-z2-7]{{{length}}}", found)
    assert found == digest([NEW], *parts, length=length)
    assert digest([NEW], *parts, length=51).startswith(found)


def test_a_digest_depends_on_the_key_and_on_where_parts_end():
    made = {
        digest([key], *parts, length=26) for key in (NEW, OLD) for parts in (("ab", "c"), ("a", "bc"), ("abc",))
    }
    assert len(made) == 6


@pytest.mark.parametrize("length", [0, -1, 52])
def test_a_digest_of_impossible_length_is_refused(length):
    with pytest.raises(ValueError, match="give 1 to 51"):
        digest([NEW], "a", length=length)
