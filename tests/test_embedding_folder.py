"""A model in a folder: ONNX of any layout is used as it is made, and what is missing is named with its cure."""

import re
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_model
from tiny_model import TABLE

from newsletter.embedding import folder, installed, packages
from newsletter.errors import ConfigError

TEXTS = [("graph", "quantum"), ("speech", ""), ("", "")]


def told(place):
    with pytest.raises(ConfigError) as raised:
        installed(str(place)).embed(TEXTS)
    return str(raised.value)


@pytest.mark.parametrize("at", ["model.onnx", "onnx/model.onnx"])
def test_the_vectors_of_the_tokens_are_averaged_and_made_one_long(tmp_path, at):
    model = installed(str(tiny_model.folder(tmp_path / "tiny", at=at)))

    found = model.embed([("graph", "graph quantum"), ("speech", ""), ("", " ")])

    # "graph." is a word that the model does not know.
    assert found == pytest.approx(np.array([[0.5**0.5, 0.5**0.5, 0], [0, 0, 1], [0, 0, 0]]))
    assert (found.dtype, model.dimensions) == (np.float32, 3)


def test_a_model_that_pools_by_its_first_token_is_asked_for_that(tmp_path):
    found = installed(str(tiny_model.folder(tmp_path, pooling="cls_token"))).embed([("quantum graph graph", "")])

    assert found.tolist() == [[0, 1, 0]]


def test_a_vector_that_the_model_made_of_the_text_is_taken_as_it_is(tmp_path):
    content = tiny_model.onnx(sentences=True)

    found = installed(str(tiny_model.folder(tmp_path, content))).embed([("graph graph graph speech", "")])

    assert found == pytest.approx(np.array([[1, 0, 2]]) / 5**0.5)


def test_a_model_that_takes_less_is_fed_less(tmp_path):
    content = tiny_model.onnx(inputs=("input_ids",))

    assert installed(str(tiny_model.folder(tmp_path, content))).embed([("graph", "")]).tolist() == [[1, 0, 0]]


def test_a_text_is_cut_where_the_model_ends(tmp_path):
    model = installed(str(tiny_model.folder(tmp_path, length=2)))

    assert model.embed([("graph graph quantum", "")]).tolist() == [[1, 0, 0]]


def test_no_text_at_all_is_no_trouble(tmp_path):
    assert installed(str(tiny_model.folder(tmp_path))).embed([]).shape == (0, 3)


def test_the_name_changes_with_whatever_changes_the_vectors(tmp_path):
    def name(at, *options, **more):
        return installed(str(tiny_model.folder(tmp_path / at / "mine", *options, **more))).name

    first = name("a")
    others = [name("b", tiny_model.onnx(2 * TABLE)), name("c", pooling="cls_token"), name("d", length=9)]
    shutil.copytree(tmp_path / "a", tmp_path / "e")
    (tmp_path / "d" / "mine" / "tokenizer.json").write_text(tiny_model.tokenizer() + " ")

    assert first == installed(str(tmp_path / "e" / "mine")).name
    assert len({first, *others, installed(str(tmp_path / "d" / "mine")).name}) == 5
    assert re.fullmatch(r"mine-[0-9a-f]{12}", first)
    assert len(name("f" * 200)) <= 100


def test_a_folder_is_looked_for_where_the_caller_says(tmp_path):
    tiny_model.folder(tmp_path / "models" / "tiny")

    assert installed("tiny", lambda text: tmp_path / "models" / text).dimensions == 3


def test_a_name_that_nobody_knows_is_told_with_those_that_there_are(tmp_path):
    said = told(tmp_path / "minilmm")

    assert said.startswith(f"ranking.model: there is no folder {tmp_path / 'minilmm'}: write ")
    assert '"auto", "light", "minilm", "static"' in said


def test_a_folder_without_a_model_is_told_what_belongs_there(tmp_path):
    assert told(tmp_path).endswith(f"{tmp_path} holds no model: put model.onnx and tokenizer.json there")


def test_a_model_without_its_tokenizer_is_told_so(tmp_path):
    (tiny_model.folder(tmp_path) / "tokenizer.json").unlink()

    assert "has no tokenizer.json" in told(tmp_path)


def test_a_model_without_the_runtime_is_told_how_to_get_it(tmp_path, monkeypatch):
    tiny_model.folder(tmp_path)
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "onnxruntime" else name)

    assert told(tmp_path).endswith(f"needs onnxruntime, not installed here: {packages.EXTRA}")


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json"])
def test_a_file_that_is_damaged_is_named(tmp_path, file):
    tiny_model.folder(tmp_path)
    (tmp_path / file).write_bytes(b"no model")

    assert told(tmp_path).startswith(f"ranking.model: {tmp_path / file} cannot be used: ")


def test_a_model_of_more_than_texts_is_refused(tmp_path):
    tiny_model.folder(tmp_path, tiny_model.onnx(inputs=("input_ids", "pixel_values")))

    assert "wants the input 'pixel_values'" in told(tmp_path)


def test_a_pooling_that_we_cannot_do_is_named(tmp_path):
    tiny_model.folder(tmp_path, pooling="max_tokens")

    assert "pools by max_tokens: use a model that pools by mean_tokens or cls_token" in told(tmp_path)


@pytest.mark.parametrize(("content", "said"), [("{", "is no JSON"), ("[]", "")])
def test_a_description_that_is_no_json_is_named_and_an_odd_one_says_nothing(tmp_path, content, said):
    tiny_model.folder(tmp_path)
    (tmp_path / "sentence_bert_config.json").write_text(content)

    if said:
        assert said in told(tmp_path)
    else:
        assert installed(str(tmp_path)).length == folder.LENGTH


def test_a_model_for_torch_without_torch_is_told_what_is_missing_and_the_cure(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")

    said = told(tmp_path)

    assert "holds no model.onnx, and sentence-transformers is not installed" in said
    assert f"optimum-cli export onnx --model {tmp_path} {tmp_path}/onnx" in said


def test_a_model_for_torch_is_run_by_sentence_transformers_where_they_are_installed(tmp_path, monkeypatch):
    asked = []

    class SentenceTransformer:
        def __init__(self, path, **options):
            asked.append((path, options))

        def encode(self, texts, *, show_progress_bar):
            asked.append(texts)
            return np.array([[0, 2.0]] * len(texts))

    monkeypatch.setitem(
        sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=SentenceTransformer)
    )
    monkeypatch.setattr(folder, "find_spec", lambda name: name)
    (tmp_path / "pytorch_model.bin").write_bytes(b"weights")

    found = installed(str(tmp_path)).embed(TEXTS)

    assert asked[0] == (str(tmp_path), {"device": "cpu", "local_files_only": True})
    assert asked[-1] == ["graph. quantum", "speech"]
    assert found.tolist() == [[0, 1], [0, 1], [0, 0]]
    assert installed(str(tmp_path)).embed([("", "")]).tolist() == [[0, 0]]
