"""A folder with a model small enough to be written by hand: one vector for each of a few words, as ONNX.

The bytes are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import json

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

WORDS = ("[UNK]", "graph", "quantum", "speech")
FLOAT, INT64 = 1, 7
TABLE = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 2]], dtype="<f4")


def varint(number):
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def field(number, value):
    """One field of a protocol buffer: a number, a text, or a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def value_info(name, kind, dimensions):
    shape = b"".join(field(1, field(1 if isinstance(each, int) else 2, each)) for each in dimensions)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def node(kind, inputs, output, attributes=b""):
    return b"".join(field(1, each) for each in inputs) + field(2, output) + field(4, kind) + attributes


def onnx(table=TABLE, inputs=("input_ids", "attention_mask", "token_type_ids"), *, sentences=False):
    """A model that looks each token up; with `sentences` it gives their sum, too, as a vector of the text."""
    rows, width = table.shape
    nodes = field(1, node("Gather", ("table", "input_ids"), "last_hidden_state"))
    outputs = field(12, value_info("last_hidden_state", FLOAT, ("batch", "length", width)))
    if sentences:
        axes = field(1, "axes") + field(8, 1) + field(20, 7)
        keep = field(1, "keepdims") + field(3, 0) + field(20, 2)
        nodes += field(
            1, node("ReduceMax", ("last_hidden_state",), "sentence_embedding", field(5, axes) + field(5, keep))
        )
        outputs += field(12, value_info("sentence_embedding", FLOAT, ("batch", width)))
    tensor = field(1, rows) + field(1, width) + field(2, FLOAT) + field(8, "table") + field(9, table.tobytes())
    taken = b"".join(field(11, value_info(each, INT64, ("batch", "length"))) for each in inputs)
    graph = nodes + field(2, "tiny") + field(5, tensor) + taken + outputs
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def tokenizer():
    made = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = WhitespaceSplit()
    return made.to_str()


def folder(path, content=None, at="model.onnx", pooling=None, length=None):
    """Write a model into this folder; `pooling` and `length` as sentence-transformers write them down."""
    (path / at).parent.mkdir(parents=True, exist_ok=True)
    (path / at).write_bytes(onnx() if content is None else content)
    (path / "tokenizer.json").write_text(tokenizer())
    if pooling:
        (path / "1_Pooling").mkdir(exist_ok=True)
        (path / "1_Pooling" / "config.json").write_text(json.dumps({f"pooling_mode_{pooling}": True}))
    if length:
        (path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": length}))
    return path
