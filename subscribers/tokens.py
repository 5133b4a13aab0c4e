"""Signed tokens for links in mails, and keyed digests for Message-IDs and return paths."""

import hashlib
import hmac
from base64 import b32encode, urlsafe_b64encode
from binascii import b2a_base64
from enum import StrEnum
from functools import lru_cache
from typing import Any

from subscribers.errors import InvalidToken

# Not any sequence: a bare string is one too, and would sign with its first letter.
Keys = tuple[str, ...] | list[str]

# Signatures are cut to 144 bits: above the half of SHA-256 that RFC 2104 section 5 asks for, and whole base64
# groups, so that the List-Unsubscribe header stays on one line.
_SIGNATURE_BYTES = 18
_KEY_ID_LENGTH = 2
_LONGEST_TOKEN = 60
_LONGEST_DIGEST = 51
_LENGTH_BYTES = 8
_BLOCK = 64  # of SHA-256, in bytes
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Purpose(StrEnum):
    """What a token allows, and the row whose id it carries; refused for every other purpose.

    Of a subscriber: leave, see and change preferences, see own digests, give thumbs. Of a confirmation: join,
    agree to a change of address from the old or the new mailbox, download and erase. Of the consent row of a
    withdrawal: take it back.
    """

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    ARCHIVE = "archive"
    FEEDBACK = "feedback"
    CONFIRM = "confirm"
    CHANGE_OLD = "change-old"
    CHANGE_NEW = "change-new"
    DATA = "data"
    UNDO = "undo"


def sign(purpose: Purpose, number: int, keys: Keys) -> str:
    """A URL-safe token of at most 46 characters, signed with the first key: id, dot, key id, signature.

    It carries no time: the unsubscribe link of an old mail must still work (RFC 8058 section 3.1). The key id
    tells which of several keys signed it, so that they can be changed one by one.
    """
    return _signed(purpose, str(number), _usable(keys)[0])


def read(purpose: Purpose, token: str, keys: Keys) -> int:
    """The id that `token` was signed for under any of `keys` (newest first), else InvalidToken.

    Whole tokens are compared, in constant time: decoding the signature first would let a changed last
    character through where base64 leaves bits unused. A guess that names no key of ours is compared all the
    same, so that the time it takes tells nothing about our keys.
    """
    given = token.encode("utf-8", "surrogatepass")[: _LONGEST_TOKEN + 1]
    payload, _, rest = token[:_LONGEST_TOKEN].partition(".")
    if payload.isascii() and payload.isdigit():
        named = [key for key in _usable(keys) if _key_id(key) == rest[:_KEY_ID_LENGTH]]
        for key in named or keys[:1]:
            if hmac.compare_digest(_signed(purpose, payload, key).encode(), given):
                return int(payload)
    raise InvalidToken(purpose)


def digest(keys: Keys, *parts: str, length: int) -> str:
    """A keyed digest of `parts`: `length` (1 to 51) lower-case characters of a-z and 2-7, 5 bits each.

    Base 32, because a local part may lose its case on the way. Only the first key counts: to check a digest
    that an older key may have made, ask again with that key alone. Texts that are to stay the same over a
    change of keys are stored when made.
    """
    if not 1 <= length <= _LONGEST_DIGEST:
        raise ValueError(f"length: {length} characters cannot be had: give 1 to {_LONGEST_DIGEST}")
    encoded = [part.encode() for part in parts]
    # Lengths first, so that ("ab", "c") and ("a", "bc") differ.
    message = b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in encoded)
    key = hmac.digest(_usable(keys)[0].encode(), b"subscribers.digest", "sha256")
    return b32encode(hmac.digest(key, message, "sha256")).decode().lower()[:length]


def _signed(purpose: Purpose, payload: str, key: str) -> str:
    inner, outer = _keyed(purpose, key)
    inner, outer = inner.copy(), outer.copy()
    inner.update(payload.encode())
    outer.update(inner.digest())
    signature = b2a_base64(outer.digest()[:_SIGNATURE_BYTES], newline=False).translate(_URL_SAFE)
    return f"{payload}.{_key_id(key)}{signature.decode()}"


@lru_cache(maxsize=64)
def _keyed(purpose: Purpose, key: str) -> tuple[Any, Any]:
    """The two halves of HMAC-SHA-256 (RFC 2104 section 2), keyed: what is left to do for each token is cheap.

    The key for a purpose is derived from the secret as itsdangerous does it.
    """
    derived = hmac.digest(key.encode(), f"subscribers.token.{purpose}".encode(), "sha256").ljust(_BLOCK, b"\0")
    inner, outer = derived.translate(_INNER), derived.translate(_OUTER)
    return hashlib.sha256(inner), hashlib.sha256(outer)


@lru_cache(maxsize=64)
def _key_id(key: str) -> str:
    """Two characters that tell keys apart and say nothing about them."""
    return urlsafe_b64encode(hmac.digest(key.encode(), b"subscribers.key-id", "sha256"))[:_KEY_ID_LENGTH].decode()


def _usable(keys: Keys) -> Keys:
    if not keys or not all(keys):
        raise ValueError("keys: there is no secret to sign with: give at least one, and no empty one")
    return keys
