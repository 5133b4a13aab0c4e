"""The delivery benchmark: its ratios and verdicts, its sink and its distance, and a few messages sent each way."""

import json
import smtplib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from sqlmodel import Session

from benchmarks import delivery
from benchmarks.sending import children, distance, folder, made_up, nodemailer, proof, run, tables, usual, words
from benchmarks.sending.children import Trouble
from benchmarks.sending.distance import Delay
from benchmarks.sending.ratios import Judged, Spread, Target, judged, ratio, spread, summed
from benchmarks.sending.sink import Dialogue, Tally, unstuffed
from benchmarks.sending.usage import Used
from benchmarks.sending.ways import WAYS, Bench, Way, made_key
from newsletter import render
from newsletter.mail.message import readable

RATE = Target("rate", "rate", "quick", "slow", must=2, aim=4)
CPU = Target("CPU", "each", "quick", "slow", must=2, aim=4)
ONE = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
SAID = b"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n354 go\r\n"
OK = b"250 2.0.0 Ok\r\n"


def used(rate, cpu=1.0):
    return Used(messages=100, seconds=100 / rate, cpu=cpu, peak=0.0)


def figure(median, **limits):
    return Judged("it", Spread(median, median, median), **limits)


def heard(*pieces):
    """What a dialogue answers to these pieces, and the messages that it took."""
    taken = []
    dialogue = Dialogue(taken.append)
    return b"".join(map(dialogue.feed, pieces)), taken


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Bench:
    """A bench whose edition is planned once for all tests here."""
    scratch = tmp_path_factory.mktemp("bench")
    return Bench(scratch, made_key(scratch), delivery.ROOT / ".venv" / "benchmarks", readers=3)


def test_a_ratio_is_of_one_round_and_never_of_two_medians():
    rounds = [{"quick": used(10), "slow": used(1)}, {"quick": used(2), "slow": used(2)}, {"quick": used(9)}]

    (found,) = judged(rounds, [RATE])

    assert found.found == Spread(5.5, 1, 10)


def test_less_cpu_is_so_many_times_better():
    once = {"quick": used(1, cpu=0.5), "slow": used(1, cpu=10)}

    assert ratio(CPU, once) == 20


def test_what_could_not_be_measured_is_left_out():
    assert judged([{"quick": used(1)}], [RATE, CPU]) == []
    assert summed([{"quick": used(3)}, {"slow": used(1)}]).keys() == {"quick", "slow"}


@pytest.mark.parametrize(("median", "verdict"), [(1.9, "missed"), (2, "met"), (3.9, "met"), (4, "aim met")])
def test_the_median_decides_whether_a_target_is_met(median, verdict):
    assert figure(median, must=2, aim=4).verdict == verdict


@pytest.mark.parametrize(("median", "verdict"), [(101, "missed"), (100, "met"), (60, "aim met")])
def test_of_memory_and_round_trips_less_is_better(median, verdict):
    assert figure(median, must=100, aim=60, least=False).verdict == verdict


def test_a_table_shows_figure_range_target_and_verdict():
    rows = [Judged("usual way", spread([16, 14, 18]), 15, 25), figure(1, must=1.15, aim=1.05, least=False)]

    _, first, second = tables.targets(rows).splitlines()

    assert first.split() == ["usual", "way", "16.00", "[14.00", "-", "18.00]", ">=", "15", ">=", "25", "met"]
    assert second.split() == ["it", "1.00", "<=", "1.15", "<=", "1.05", "aim", "met"]


def test_a_table_of_ways_names_rate_and_cpu():
    shown = tables.ways(summed([{"quick": used(1234, cpu=0.01)}]), {"quick": "the quick one"})

    assert shown.splitlines()[1].split() == ["the", "quick", "one", "1,234", "100"]


def test_a_sink_answers_a_whole_group_of_commands_at_once():
    said, taken = heard(b"EHLO x\r\n", ONE, b"one\r\n.\r\n" + ONE, b"two\r\n.\r\nQUIT\r\n")

    assert said.split(b"SMTPUTF8\r\n")[1] == SAID + OK + SAID + OK + b"221 2.0.0 bye\r\n"
    assert b"PIPELINING" in said
    assert taken == [b"one\r\n", b"two\r\n"]


@for_all(st.lists(st.integers(0, 120), max_size=6))
def test_a_sink_hears_the_same_however_the_bytes_are_cut(cuts):
    stream = ONE + b"Subject: x\r\n\r\n..dot\r\nend\r\n.\r\n" + ONE.lower() + b".\r\nNOOP\r\n"
    places = [0, *sorted(cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(places)]

    assert heard(*pieces) == heard(stream)
    assert heard(stream) == (SAID + OK + SAID + OK + OK, [b"Subject: x\r\n\r\n..dot\r\nend\r\n", b""])


def test_added_dots_are_taken_away_again():
    assert unstuffed(b"..a\r\nb..\r\n..\r\n") == b".a\r\nb..\r\n.\r\n"


def test_a_tally_counts_keeps_the_first_and_knows_the_mean_gap(tmp_path):
    moments = iter([1.0, 2.0, 5.0])
    tally = Tally(lambda: next(moments), tmp_path, most=2)

    for content in (b"a\r\n", b"bb\r\n", b"c\r\n"):
        tally.take(content)

    assert tally.told() == {"messages": 3, "bytes": 10, "gap": 2.0}
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [b"a\r\n", b"bb\r\n"]


@for_all(st.lists(st.floats(0, 1), min_size=2), st.sampled_from([0, 0.02]))
def test_replies_arrive_late_and_in_the_order_they_were_sent(pauses, seconds):
    delay, now, arrivals = Delay(seconds), 0.0, []
    for pause in pauses:
        now += pause
        arrivals.append(delay.arrival(now))
        assert arrivals[-1] >= now + seconds

    assert arrivals == sorted(set(arrivals))


def test_the_counter_of_smtp_sink_is_read_from_its_last_line():
    assert children.last_count("sess=1 quit=0 mesg=0\rsess=1 quit=1 mesg=20\r") == 20
    assert children.last_count("") == 0


def test_readers_differ_and_are_the_same_in_every_run():
    readers = [made_up.reader(number) for number in range(1, 50)]

    assert readers == [made_up.reader(number) for number in range(1, 50)]
    assert len({repr(reader.picks) for reader in readers}) == len(readers)
    assert all(len({each.paper for each in reader.picks}) == made_up.PICKS for reader in readers)


def test_what_work_used_is_its_own_cpu_and_memory():
    work = "lambda: len(b'x' * 40_000_000) // 5_714_285"
    code = f"from benchmarks.sending.usage import measured, tell; tell(measured({work}))"

    found = Used(
        **json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    )

    assert found.messages == 7
    assert found.seconds > 0
    assert found.cpu >= 0
    assert not Path("/proc/self/status").exists() or found.peak > 30


def test_a_sender_that_fails_is_told_by_its_last_words():
    with pytest.raises(Trouble, match="ended with 3: so it is"):
        children.output([sys.executable, "-c", "import sys; print('so it is', file=sys.stderr); sys.exit(3)"])


def test_nodemailer_is_installed_once_and_missed_in_plain_words(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "tool", lambda name: "")
    package = tmp_path / "there" / "node_modules" / "nodemailer"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": nodemailer.VERSION}))

    assert nodemailer.installed(tmp_path / "there") == package
    with pytest.raises(Trouble, match="no node with npm"):
        nodemailer.installed(tmp_path / "elsewhere")


def test_the_usual_way_sends_the_product_s_own_words(bench):
    started = folder.configured(bench.planned())
    digests, compiled = words.given(started, 3), usual.letter(started)
    with Session(started.engine) as session:
        ours = [render.run(session, number, started.keys).content for number in (1, 2, 3)]

    theirs = [usual.message(compiled, each) for each in digests]

    started.engine.dispose()
    assert list(map(squeezed, ours)) == list(map(squeezed, theirs))
    assert proof.doubts(theirs, b"", personal=True) == ""


def squeezed(message):
    return ["".join(part.split()) for part in readable(message)]


def test_doubtful_messages_are_told(bench):
    good = proof.proven(bench, WAYS["usual"], 2)
    published = proof.record(bench.key)

    assert proof.doubts(good, published, personal=True) == ""
    assert "does not verify" in proof.doubts([good[0].replace(b"Papers", b"Prizes")], published, personal=True)
    assert "same words" in proof.doubts([good[0], good[0]], published, personal=True)
    assert "two parts" in proof.doubts([b"Subject: x\r\n\r\nfiller\r\n"], b"", personal=False)


@pytest.mark.parametrize("name", ["signed-4", "nodemailer", "smtp-source"])
def test_each_way_sends_what_it_was_given_where_its_tool_is_there(bench, name):
    if name == "nodemailer" and not (bench.packages / "node_modules" / "nodemailer").is_dir():
        pytest.skip("nodemailer is not installed: a run of the benchmark installs it")
    if name == "smtp-source" and not children.tool(name):
        pytest.skip("there is no smtp-source on this machine")

    assert len(proof.proven(bench, WAYS[name], 3)) == 3


def one_by_one(bench, port, count):
    with smtplib.SMTP("127.0.0.1", port) as server:
        for _ in range(count):
            server.sendmail("a@example.org", ["b@example.net"], b"Subject: x\r\n\r\nfiller\r\n")
    return Used(count, seconds=1.0, cpu=1.0, peak=0.0)


def loses_one(bench, port, count):
    one_by_one(bench, port, count - 1)
    return Used(count, seconds=1.0, cpu=1.0, peak=0.0)


def test_a_whole_run_prints_every_round_and_what_is_missing(monkeypatch, capsys):
    ways = {
        "signed-1": Way("ours", 1, one_by_one, filler=True),
        "usual": Way("theirs", 0.5, one_by_one, filler=True),
        "nodemailer": Way("lossy", 1, loses_one, filler=True),
    }
    for place in (run, delivery):
        monkeypatch.setattr(place, "WAYS", ways)
    monkeypatch.setattr(sys, "argv", ["delivery", "--rounds", "2", "--messages", "8", "--only", *ways, "--json"])

    delivery.main()

    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert [each["usual"]["messages"] for each in document["rounds"]] == [4, 4]
    assert document["notes"] == ["nodemailer: left out: lossy: 20 sent, 19 received"]
    assert {each["verdict"] for each in document["targets"]} == {"missed"}
    assert "round 2 of 2" in printed.err


def test_the_way_there_takes_as_long_as_it_is_far():
    with children.own_sink() as sink, children.distant(sink.port, 0.005) as port:
        trip = distance.round_trip(port)
        one_by_one(None, port, 3)

    assert trip >= 0.005
    assert sink.received["messages"] == 3
    assert sink.received["gap"] >= 3 * 0.005
