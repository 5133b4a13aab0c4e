"""The doctor asks a real DNS server of what is published about the domain that mails come from."""

import pytest
from dns_server import GOOD, SILENCE, TROUBLE, dns_server
from doctor_patient import MAILS, line, patient

from newsletter.doctor import CHECKS, mail_domain, spf
from newsletter.doctor.names import Names
from newsletter.errors import Unanswered

SPF = "v=spf1 "


def asked(name, folder, records=GOOD, text="", **more):
    """What the check of this name says in a world of these records."""
    (check,) = [check for check in CHECKS if check.name == name]
    with dns_server(GOOD | records) as server:
        return line(check.examine(patient(folder, text, resolver=server.resolver(), **more)))


def policy(records, domain="papers.test"):
    with dns_server({(name, "TXT"): [f'"{text}"'] for name, text in records.items()}) as server:
        return spf.read(Names(server.resolver(), 5), domain)


def relay(host):
    return f'{MAILS}[smtp]\nhost = "{host}"\n'


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("spf", "ok spf: papers.test: v=spf1 include:relay.test -all (2 look-ups of 10): "),
        ("dmarc", "ok dmarc: _dmarc.papers.test: v=DMARC1; p=quarantine; rua=mailto:dmarc@papers.test: "),
        ("mx", "ok mx: papers.test: mx.papers.test, second.papers.test: "),
        ("ptr", "ok ptr: out.relay.test: 93.184.216.34 has a name that leads back to it: "),
    ],
)
def test_a_domain_that_is_set_up_well_passes(name, said, tmp_path):
    assert asked(name, tmp_path, text=relay("out.relay.test")) == said


@pytest.mark.parametrize(
    ("name", "records", "said"),
    [
        ("spf", {("papers.test", "TXT"): []}, "fail spf: papers.test has no SPF record"),
        ("spf", {("papers.test", "TXT"): ['"v=spf1 -all"', '"v=spf1 ~all"']}, "fail spf: papers.test has 2 SPF"),
        ("spf", {("papers.test", "TXT"): ['"v=spf1 +all"']}, "lets everybody send: let it end in -all"),
        ("spf", {("papers.test", "TXT"): ['"v=spf1 all"']}, "lets everybody send"),
        ("spf", {("papers.test", "TXT"): ['"v=spf1 ?all"']}, "warn spf: "),
        ("spf", {("papers.test", "TXT"): ['"v=spf1 ip4:192.0.2.1"']}, "does not end in -all or ~all"),
        ("spf", {("papers.test", "TXT"): ['"v=spf1 a:b.test a:c.test a:d.test -all"']}, "without addresses"),
        ("spf", {("relay.test", "TXT"): []}, "relay.test has no SPF record: take out"),
        ("spf", {("papers.test", "TXT"): TROUBLE}, "warn spf: the DNS could not tell of papers.test"),
        ("dmarc", {("_dmarc.papers.test", "TXT"): []}, "fail dmarc: papers.test has no DMARC record"),
        ("dmarc", {("_dmarc.papers.test", "TXT"): ['"v=DMARC1; p=some"']}, "has no policy that counts"),
        ("dmarc", {("_dmarc.papers.test", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1"']}, "has 2 records"),
        ("mx", {("papers.test", "MX"): ["0 ."]}, "fail mx: papers.test says that it takes no mail"),
        ("mx", {("papers.test", "MX"): []}, "replies and bounces are lost: give it an MX record"),
        ("mx", {("papers.test", "MX"): [], ("papers.test", "A"): ["192.0.2.1"]}, "warn mx: "),
        ("mx", {("papers.test", "MX"): ["1 gone.test."]}, "fail mx: papers.test: gone.test has no address"),
        (
            "ptr",
            {("34.216.184.93.in-addr.arpa", "PTR"): []},
            "warn ptr: out.relay.test: 93.184.216.34 has no name",
        ),
        ("ptr", {("34.216.184.93.in-addr.arpa", "PTR"): ["mx.papers.test."]}, "warn ptr: "),
        ("ptr", {("out.relay.test", "A"): ["10.0.0.9"]}, "note ptr: out.relay.test is not of the public internet"),
    ],
)
def test_what_is_missing_or_broken_is_named_with_its_cure(name, records, said, tmp_path):
    assert said in asked(name, tmp_path, records, relay("out.relay.test"))


def test_an_address_in_place_of_a_host_is_asked_for_its_name_too(tmp_path):
    assert asked("ptr", tmp_path, text=relay("93.184.216.34")).startswith("ok ptr: 93.184.216.34: ")


def test_a_folder_has_no_sending_host(tmp_path):
    assert asked("ptr", tmp_path) == "note ptr: mails become files: there is no sending host: "


def test_a_policy_of_a_domain_above_counts_too(tmp_path):
    records = {("_dmarc.news.papers.test", "TXT"): []}

    said = asked("dmarc", tmp_path, records, '[delivery]\nreturn_path = "b@news.papers.test"\n')

    assert said.startswith("ok dmarc: _dmarc.papers.test: ")


def test_bounces_to_a_foreign_domain_spoil_the_alignment(tmp_path):
    said = asked("dmarc", tmp_path, text='[delivery]\nreturn_path = "b@relay.test"\n')

    assert "warn dmarc: " in said
    assert "bounces go to relay.test, so SPF does not count for papers.test: " in said


def test_spf_and_mx_are_those_of_the_return_path(tmp_path):
    text = '[delivery]\nreturn_path = "b@relay.test"\n'

    assert asked("spf", tmp_path, text=text).startswith("ok spf: relay.test: v=spf1 ip4:")
    assert asked("mx", tmp_path, text=text).startswith("fail mx: relay.test has no MX record")


def test_a_server_that_says_nothing_is_a_warning_within_the_patience(tmp_path):
    said = asked("mx", tmp_path, {("papers.test", "MX"): SILENCE}, patience=0.05)

    assert said.startswith("warn mx: no DNS server answered for papers.test in time: try again")


def test_a_machine_without_a_resolver_says_so(tmp_path):
    check = mail_domain.asked("mx", mail_domain.mailboxes)

    assert line(check(patient(tmp_path))).startswith("warn mx: this machine names no DNS server: ")


def test_a_made_up_domain_and_offline_ask_nothing(tmp_path):
    check = mail_domain.asked("mx", mail_domain.mailboxes)

    with dns_server() as server:
        offline = check(patient(tmp_path, resolver=server.resolver(), offline=True))
        made_up = check(patient(tmp_path, resolver=server.resolver(), sender="papers@lab.local"))

    assert line(offline) == "note mx: not asked, for --offline: "
    assert line(made_up) == "note mx: lab.local is no domain of the internet: nothing to ask: "
    assert server.asked == []


def test_look_ups_of_included_records_count():
    records = {"papers.test": SPF + "include:a.test include:b.test -all", "a.test": SPF + "include:b.test mx -all"}

    found = policy(records | {"b.test": SPF + "a exists:%{i}.b.test ~all"})

    assert (found.lookups, found.ending, found.problems) == (8, "-", [])


def test_more_than_ten_look_ups_do_not_count_and_are_not_followed():
    chain = {f"d{number}.test": f"{SPF}include:d{number + 1}.test -all" for number in range(40)}

    found = policy(chain, "d0.test")

    assert found.lookups == 11
    assert mail_domain.judged("d0.test", found).level == "fail"
    assert "needs more than 10 look-ups" in mail_domain.judged("d0.test", found).words


def test_a_redirect_brings_the_ending_of_its_record():
    assert policy({"papers.test": SPF + "redirect=r.test", "r.test": SPF + "ip4:192.0.2.1 ~all"}).ending == "~"
    assert policy({"papers.test": SPF + "redirect=r.test -all", "r.test": SPF + "~all"}).lookups == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("include:papers.test -all", "papers.test includes itself"),
        ("ipv4:192.0.2.1 -all", "papers.test says 'ipv4:192.0.2.1', which is no SPF term"),
        ("! -all", "papers.test says '!', which is no SPF term"),
        ("include:none.test -all", "none.test has no SPF record"),
    ],
)
def test_a_broken_policy_says_where(text, problem):
    assert policy({"papers.test": SPF + text}).problems == [problem]


def test_a_modifier_that_nobody_knows_is_left_alone():
    assert policy({"papers.test": SPF + "flavour=sweet include:%{d}.test -all"}).problems == []


def test_the_same_question_is_asked_once():
    with dns_server() as server:
        names = Names(server.resolver(), 5)

        found = [names.texts("Papers.TEST."), names.texts("papers.test")]

    assert found[0] == found[1]
    assert len(server.asked) == 1


def test_a_name_that_the_dns_cannot_hold_is_not_answered():
    with dns_server() as server, pytest.raises(Unanswered):
        Names(server.resolver(), 5).texts("a" * 64 + ".test")
