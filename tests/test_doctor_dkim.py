"""The doctor asks a real DNS server whether the other half of our keys is published."""

import pytest
from dns_server import GOOD, SILENCE, dns_server
from doctor_patient import MAILS, line, lines, patient
from signed import ed25519, rsa

from newsletter.doctor import CHECKS
from newsletter.mail import dkim_key, dkim_record
from newsletter.mail.dkim import Key

ONE, TWO = "one._domainkey.papers.test", "two._domainkey.papers.test"
PUBLISH = "publish what newsletter dkim record prints"
RSA = '[dkim]\nselector = "one"\nkey_file = "one.pem"\n'
BOTH = f'{RSA}ed25519_selector = "two"\ned25519_key_file = "two.pem"\n'


def published(text):
    return [" ".join(f'"{part}"' for part in dkim_record.strings(text))]


WELL = {(ONE, "TXT"): published(dkim_record.value(rsa())), (TWO, "TXT"): published(dkim_record.value(ed25519()))}


def found(folder, records=(), text=RSA, **more):
    """What the check says of a newsletter with both keys in its folder."""
    for key in (rsa(), ed25519()):
        if not (file := folder / f"{key.selector}.pem").exists():
            dkim_key.write(file, key.private)
    (check,) = [check for check in CHECKS if check.name == "dkim"]
    with dns_server(GOOD | WELL | dict(records)) as server:
        return check.examine(patient(folder, text, **{"resolver": server.resolver()} | more))


def test_keys_whose_other_half_is_published_are_well(tmp_path):
    assert lines(found(tmp_path, text=BOTH)) == [
        f"ok dkim: {ONE} publishes the RSA key of 2048 bits that signs: ",
        f"ok dkim: {TWO} publishes the Ed25519 key that signs: ",
    ]


def test_a_key_without_a_record_is_a_failure_that_spares_the_other(tmp_path):
    said = lines(found(tmp_path, {(ONE, "TXT"): []}, BOTH))

    assert said[0] == f"fail dkim: {ONE} has no TXT record, so nobody can check our signatures: {PUBLISH}"
    assert said[1].startswith("ok dkim: ")


OURS = dkim_record.value(rsa())
OTHER = dkim_record.value(Key("one", ed25519().private))


@pytest.mark.parametrize(
    ("texts", "level", "said"),
    [
        (["v=DKIM1; p=AAAA", "v=DKIM1"], "fail", " has 2 TXT records, and receivers take any: leave one of them"),
        (["v=spf1 -all"], "fail", f": it must begin with v=DKIM1: {PUBLISH}"),
        ([OURS[:-1]], "fail", f": its p= is no base64: it was cut off, or holds quotes or backslashes: {PUBLISH}"),
        ([OURS[:298]], "fail", f" publishes only the beginning of the key that signs: {PUBLISH}"),
        (["v=DKIM1; p="], "fail", f" says that the key is revoked (p= is empty): {PUBLISH}"),
        ([OTHER], "fail", f" publishes another key than the one that signs: {PUBLISH}"),
        ([OURS.replace("rsa", "dsa")], "fail", f" publishes another key than the one that signs: {PUBLISH}"),
        ([f"{OURS}; h=sha1"], "fail", f" does not allow SHA-256 (h=) or mail (s=): {PUBLISH}"),
        ([f"{OURS}; t=y"], "warn", " says t=y, so receivers treat our mails as unsigned: take t=y out of it"),
        ([OURS.replace("v=DKIM1; k=rsa; ", "")], "ok", " publishes the RSA key of 2048 bits that signs: "),
    ],
    ids=["two", "spf", "cut", "cut short", "revoked", "other", "other kind", "sha1", "testing", "terse"],
)
def test_a_record_that_does_not_fit_is_named_with_its_cure(texts, level, said, tmp_path):
    records = {(ONE, "TXT"): [each for text in texts for each in published(text)]}

    assert line(found(tmp_path, records)) == f"{level} dkim: {ONE}{said}"


def test_the_record_is_looked_for_at_the_domain_that_signs(tmp_path):
    above = 'domain = "papers.test"\n'

    said = line(found(tmp_path, text=RSA + above, sender="me@news.papers.test"))

    assert said.startswith(f"ok dkim: {ONE} publishes")


def test_a_server_that_says_nothing_is_a_warning(tmp_path):
    said = line(found(tmp_path, {(ONE, "TXT"): SILENCE}, patience=0.05))

    assert said.startswith(f"warn dkim: no DNS server answered for {ONE} in time: ")


def test_a_key_that_cannot_be_used_is_a_failure_even_offline(tmp_path):
    (tmp_path / "one.pem").write_text("hello")
    (tmp_path / "one.pem").chmod(0o600)

    said = line(found(tmp_path, offline=True))

    assert said.startswith(f"fail dkim: {tmp_path / 'one.pem'}: holds no private key in PEM")
    assert said.endswith(": until then nothing can be sent")


def test_offline_the_dns_is_not_asked(tmp_path):
    assert line(found(tmp_path, offline=True)) == "note dkim: not asked, for --offline: "


def test_where_nobody_signs_here_the_server_must(tmp_path):
    said = line(found(tmp_path, text=f'{MAILS}[smtp]\nhost = "out.relay.test"\n'))

    assert said == (
        "warn dkim: not signed by us, so out.relay.test must sign for papers.test: nobody can tell from here: "
        "turn DKIM on there, or sign here: newsletter dkim new"
    )


def test_mails_that_become_files_need_no_signature(tmp_path):
    said = line(found(tmp_path, text=""))

    assert said == "note dkim: mails become files, and nobody signs them: for real mail: newsletter dkim new"
