"""Keys in files and records in the DNS: what can be used is used, all else is refused with its cure."""

import base64
import stat

import pytest
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st
from signed import ed25519, rsa

from newsletter.errors import ConfigError
from newsletter.mail import dkim_key, dkim_record
from newsletter.mail.dkim import Key
from newsletter.mail.dkim_record import Record

PKCS8, PKCS1 = pem.PrivateFormat.PKCS8, pem.PrivateFormat.TraditionalOpenSSL


def kept(folder, key, form=PKCS8, encryption=None):
    """A key in a file of mode 0600."""
    encryption = encryption or pem.NoEncryption()
    data = key if isinstance(key, bytes) else key.private_bytes(pem.Encoding.PEM, form, encryption)
    path = folder / "key.pem"
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def refused(path, kind="rsa"):
    with pytest.raises(ConfigError) as caught:
        dkim_key.load(path, "one", kind)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert len(text.splitlines()) == 1
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize("form", [PKCS8, PKCS1])
def test_an_rsa_key_is_read_in_either_form(tmp_path, form):
    found = dkim_key.load(kept(tmp_path, rsa().private, form), "one", "rsa")

    assert (found.selector, found.kind, found.bits) == ("one", "rsa", 2048)
    assert found.private.private_numbers() == rsa().private.private_numbers()


def test_an_ed25519_key_is_read(tmp_path):
    found = dkim_key.load(kept(tmp_path, ed25519().private), "two", "ed25519")

    assert (found.kind, found.bits) == ("ed25519", 256)
    assert found.sign(b"x") == ed25519().sign(b"x")


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_new_key_is_there_for_its_owner_alone_and_can_be_read_again(tmp_path, kind):
    made, path = (rsa() if kind == "rsa" else Key("one", dkim_key.make(kind))), tmp_path / "data" / "key.pem"

    dkim_key.write(path, made.private)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert dkim_key.load(path, "one", kind).sign(b"x") == made.sign(b"x")


def test_a_new_rsa_key_has_the_length_that_is_asked_for():
    assert dkim_key.make("rsa", 2048).key_size == 2048


def test_a_key_that_is_there_is_never_replaced(tmp_path):
    path = kept(tmp_path, b"precious")

    with pytest.raises(ConfigError, match="is there already, and mails may be signed with it: choose"):
        dkim_key.write(path, ed25519().private)

    assert path.read_bytes() == b"precious"


@pytest.mark.parametrize("mode", [0o604, 0o606, 0o644, 0o666])
def test_a_key_that_anybody_may_read_is_refused(tmp_path, mode):
    path = kept(tmp_path, rsa().private)
    path.chmod(mode)

    assert refused(path) == f"anybody on this machine may read this key (mode {mode:04o}): chmod 600 {path}"


def test_a_key_that_its_group_may_read_is_taken(tmp_path):
    path = kept(tmp_path, rsa().private)
    path.chmod(0o640)

    assert dkim_key.load(path, "one").kind == "rsa"


def public_half():
    return rsa().private.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (lambda: generate_private_key(65537, 1024), "is an RSA key of 1024 bits; receivers take 2048 to"),
        (lambda: ec.generate_private_key(ec.SECP256R1()), "holds a key of a kind that DKIM does not know"),
        (lambda: b"hello", "holds no private key in PEM that can be read: make one with `newsletter dkim new`"),
        (lambda: b"", "holds no private key in PEM"),
        (public_half, "holds no private key in PEM"),
        (Ed25519PrivateKey.generate, "is an Ed25519 key where an RSA one belongs: `newsletter dkim new`"),
    ],
    ids=["short", "elliptic", "text", "empty", "public", "other kind"],
)
def test_a_key_that_cannot_be_used_is_refused_with_the_reason(tmp_path, key, said):
    assert refused(kept(tmp_path, key())).startswith(said)


@pytest.mark.parametrize("form", [PKCS8, PKCS1])
def test_a_key_with_a_password_is_refused(tmp_path, form):
    path = kept(tmp_path, rsa().private, form, pem.BestAvailableEncryption(b"hush"))

    said = "has a password, and nobody is there to type it: take it off with `openssl pkey -in "
    assert refused(path) == f"{said}{path} -out NEW`"


def test_an_rsa_key_is_no_ed25519_key(tmp_path):
    said = refused(kept(tmp_path, rsa().private), "ed25519")

    assert said == "is an RSA key where an Ed25519 one belongs: `newsletter dkim new --ed25519` makes one"


def test_a_key_that_is_missing_or_no_file_is_refused(tmp_path):
    said = "there is no such key: put it there, or make one with `newsletter dkim new`"
    assert refused(tmp_path / "none.pem") == said
    assert refused(tmp_path) == "Is a directory: mend that, or name another key"


def test_the_record_of_an_rsa_key_holds_its_public_half():
    found = dkim_record.parse(dkim_record.value(rsa()))

    assert dkim_record.value(rsa()).startswith("v=DKIM1; k=rsa; p=MII")
    assert found == Record("rsa", dkim_record.public(rsa()))
    assert pem.load_der_public_key(found.public) == rsa().private.public_key()


def test_the_record_of_an_ed25519_key_is_that_of_the_standard():
    """RFC 8463 appendix A: a private key and its record."""
    private = base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    key = Key("brisbane", Ed25519PrivateKey.from_private_bytes(private))

    assert dkim_record.name("brisbane", "football.example.com") == "brisbane._domainkey.football.example.com"
    assert dkim_record.value(key) == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def test_a_long_record_is_cut_into_strings_that_join_to_it():
    value = dkim_record.value(rsa())

    found = dkim_record.strings(value)

    assert "".join(found) == value
    assert [len(each) for each in found] == [255, len(value) - 255]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=DKIM1; k=rsa; p=AAAA", Record("rsa", b"\0\0\0")),
        ("v=DKIM1;p=AAAA;", Record("rsa", b"\0\0\0")),
        ("p=AA AA\t", Record("rsa", b"\0\0\0")),
        (" v = DKIM1 ; p = AAAA ; t = s : y ", Record("rsa", b"\0\0\0", testing=True)),
        ("v=DKIM1; t=s; p=AAAA", Record("rsa", b"\0\0\0")),
        ("v=DKIM1; p=", Record("rsa", b"")),
        (
            "v=DKIM1; h=sha1:SHA256; s=email:x; n=a note, with = in it; p=",
            Record("rsa", b"", hashes=("sha1", "sha256"), services=("email", "x")),
        ),
    ],
)
def test_a_published_record_is_read(text, expected):
    assert dkim_record.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("v=spf1 -all", "it must begin with v=DKIM1"),
        ("p=AAAA; v=DKIM1", "it must begin with v=DKIM1"),
        ("v=DKIM1; k=rsa", "it has no p=, which holds the key"),
        ("v=DKIM1; p=AAA", "its p= is no base64: it was cut off, or holds quotes or backslashes"),
        ('v=DKIM1; p=AA" "AA', "its p= is no base64"),
        ("v=DKIM1; p=ÄÖ==", "its p= is no base64"),
        ("v=DKIM1; p=AAAA; p=AAAA", "it has p= twice"),
        ("v=DKIM1\\; k=rsa; p=AAAA", "it must begin with v=DKIM1"),
        ("v=DKIM1; hello; p=AAAA", "'hello' is no tag such as k=rsa"),
        ("", "'' is no tag"),
    ],
)
def test_a_published_record_that_cannot_be_read_says_why(text, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        dkim_record.parse(text)


@given(st.text())
def test_whatever_is_published_is_read_or_refused(text):
    try:
        assert isinstance(dkim_record.parse(text).public, bytes)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - a text that can be read is right too


@pytest.mark.parametrize(
    ("hashes", "services", "signs"),
    [((), (), True), (("sha1",), (), False), (("sha1", "sha256"), ("email",), True), ((), ("other",), False)],
)
def test_a_record_may_be_for_other_uses_alone(hashes, services, signs):
    assert Record("rsa", b"x", hashes=hashes, services=services).signs_mail is signs
