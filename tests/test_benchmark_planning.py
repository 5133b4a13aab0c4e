"""The planning benchmark: a small made-up newsletter is planned for two days, and its figures are there."""

import argparse
import json
import sys

import pytest

from benchmarks import planning, planning_world
from newsletter import audience


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A world of a few papers and readers; where real papers lie there is nothing."""
    monkeypatch.setenv("NEWSLETTER_DATA", str(tmp_path / "nothing"))
    monkeypatch.setattr(planning_world, "ARCHIVED", 150)
    monkeypatch.setattr(planning_world, "WINDOW_PAPERS", 60)
    planning.prepare(tmp_path, argparse.Namespace(readers=30, words=False, likes=True))
    return tmp_path


def test_two_days_are_planned_and_told_in_figures(small, monkeypatch, capsys):
    load = audience.load

    first = planning.run(small, planning_world.AT)
    monkeypatch.setattr(sys, "argv", ["planning", "--in", str(small), "--day", "1"])
    planning.main()

    second = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (first["readers"], first["planned"] + first["skipped"]) == (30, 30)
    assert first["rows"] > 200
    assert second["rows"] > first["rows"]
    assert min(first[f"{name}_us"] for name in ("wall", "cpu", "due", *planning.STEPS)) > 0
    assert first.keys() == second.keys()
    assert audience.load is load


def test_words_alone_can_be_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(planning_world, "ARCHIVED", 30)
    monkeypatch.setattr(planning_world, "WINDOW_PAPERS", 30)

    planning.prepare(tmp_path, argparse.Namespace(readers=3, words=True, likes=False))

    assert planning.run(tmp_path, planning_world.AT)["readers"] == 3
