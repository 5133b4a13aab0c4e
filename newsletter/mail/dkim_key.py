"""DKIM keys in files: made once with mode 0600, and read with one clear error for each that cannot be used."""

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from newsletter.errors import ConfigError
from newsletter.mail.dkim import Key, PrivateKey

LEAST_BITS, MOST_BITS = 2048, 4096  # RFC 8301 section 3.2: what is sent and what every receiver takes
EXPONENT = 65537
OTHERS = 0o007  # the rights of whoever is neither the owner nor of the group
LARGEST_FILE = 100_000
MAKE = "make one with `newsletter dkim new`"


def load(path: Path, selector: str, kind: str = "") -> Key:
    """The key in a PEM file (PKCS#8 or PKCS#1); `kind` says which one is wanted, "rsa" or "ed25519".

    ConfigError names the file and the cure: it is not there, others may read it, it holds no key, one with a
    password, too short a one, or one of another kind.
    """
    key = Key(selector, _usable(path, _read(path)))
    if kind and key.kind != kind:
        names = {"rsa": "an RSA", "ed25519": "an Ed25519"}
        option = "" if kind == "rsa" else " --ed25519"
        raise ConfigError(
            f"{path}: is {names[key.kind]} key where {names[kind]} one belongs: "
            f"`newsletter dkim new{option}` makes one"
        )
    return key


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                raise ConfigError(
                    f"{path}: anybody on this machine may read this key (mode {mode:04o}): chmod 600 {path}"
                )
            return file.read(LARGEST_FILE)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such key: put it there, or {MAKE}") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: mend that, or name another key") from None


def _usable(path: Path, data: bytes) -> PrivateKey:
    try:
        found = load_pem_private_key(data, password=None)
    except TypeError:
        cure = f"take it off with `openssl pkey -in {path} -out NEW`"
        raise ConfigError(f"{path}: has a password, and nobody is there to type it: {cure}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{path}: holds no private key in PEM that can be read: {MAKE}") from None
    if isinstance(found, Ed25519PrivateKey):
        return found
    if not isinstance(found, RSAPrivateKey):
        raise ConfigError(f"{path}: holds a key of a kind that DKIM does not know: {MAKE}")
    if not LEAST_BITS <= found.key_size <= MOST_BITS:
        raise ConfigError(
            f"{path}: is an RSA key of {found.key_size} bits; receivers take {LEAST_BITS} to {MOST_BITS}: {MAKE}"
        )
    return found


def make(kind: str, bits: int = LEAST_BITS) -> PrivateKey:
    """A new key: "rsa" of so many bits, or "ed25519"."""
    return generate_private_key(EXPONENT, bits) if kind == "rsa" else Ed25519PrivateKey.generate()


def write(path: Path, private: PrivateKey) -> None:
    """Put a key into a file that is not there yet, for its owner alone. ConfigError if it is there; OSError."""
    data = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(
            f"{path}: is there already, and mails may be signed with it: choose another --selector"
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
