"""The doctor says which model ranks, whether it runs, and how many papers have its vectors."""

import pytest
import tiny_model
from doctor_patient import line
from world import stored

from newsletter import embeddings
from newsletter.doctor import ranking
from newsletter.embedding import installed, packages


def examined(wanted, folder, engine=None):
    return line([ranking.examined(wanted, lambda text: folder / text, engine)])


def test_the_light_model_is_fine_where_it_is_asked_for(tmp_path):
    said = examined("light", tmp_path)

    assert said == "ok ranking: light model, as ranking.model says: "


def test_without_the_extra_the_light_model_is_a_note_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda _: None)

    said = examined("auto", tmp_path)

    assert said == (
        'note ranking: light model; the semantic extra picks better: pip install "paper-newsletter[semantic]"'
    )


def test_a_model_that_is_configured_and_missing_fails_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda _: None)

    said = examined("minilm", tmp_path)

    assert said.startswith("fail ranking: ranking.model: 'minilm' needs onnxruntime and tokenizers, not installed")
    assert 'pip install "paper-newsletter[semantic]"' in said
    assert said.endswith(': or write ranking.model = "auto"')


def test_a_model_that_is_there_and_does_not_run_fails(tmp_path):
    tiny_model.folder(tmp_path / "tiny", b"no model")

    said = examined("tiny", tmp_path)

    assert said.startswith(f"fail ranking: ranking.model: {tmp_path / 'tiny' / 'model.onnx'} cannot be used: ")


def test_a_model_runs_before_there_is_a_database(tmp_path):
    tiny_model.folder(tmp_path / "tiny")

    said = examined("tiny", tmp_path)

    assert said.startswith("ok ranking: tiny-")
    assert said.endswith(" runs; the database is not ready: ")


@pytest.mark.parametrize("embedded", [False, True])
def test_how_many_papers_have_vectors_is_told(engine, session, tmp_path, embedded):
    model = installed(str(tiny_model.folder(tmp_path / "tiny")))
    stored(session)
    if embedded:
        embeddings.embed_new(engine, model, lambda *_: None)

    said = examined("tiny", tmp_path, engine)

    if embedded:
        assert said == f"ok ranking: {model.name}: 6 of 6 papers have vectors: "
    else:
        assert said == (
            f"note ranking: {model.name}: 0 of 6 papers have vectors: newsletter fetch makes the others"
        )
