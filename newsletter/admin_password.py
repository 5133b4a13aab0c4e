"""The admin's own password, if there is one: the configuration keeps its argon2id hash (RFC 9106) alone."""

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

LEAST = 12  # characters (NIST SP 800-63B, 5.1.1.2, asks for 8 of people and leaves the rest to us)
MOST = 1000


def fault(password: str) -> str:
    """Why this cannot be a password, with the cure; "" for one that can."""
    if len(password) < LEAST:
        return f"this password has {len(password)} characters: use at least {LEAST}"
    return f"this password is too long: use at most {MOST} characters" if len(password) > MOST else ""


def hashed(password: str) -> str:
    """What the configuration keeps of a password: another text each time."""
    return PasswordHasher().hash(password)


def is_hash(text: str) -> bool:
    """Whether `hashed` can have made this."""
    try:
        return extract_parameters(text).type is Type.ID
    except InvalidHashError:
        return False


def matches(kept: str, password: str) -> bool:
    """Whether this password made the hash, told in the same time for every wrong one."""
    if len(password) > MOST:
        return False
    try:
        return PasswordHasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
