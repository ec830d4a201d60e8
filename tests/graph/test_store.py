"""Saving and loading: the same Graph comes back, and a stranger's files are refused in one sentence."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import zipfile
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import GraphError, OutputError
from codesign.graph import Dense, FixedPoint, Graph, Input, digest, frozen, load, save
from codesign.graph.store import ARRAYS_NAME, JSON_NAME, to_bytes
from tests.graph.strategies import graphs

T = FixedPoint.parse("fixed<4,2>")


def small(weight=((1, 2), (3, 4)), origin=None):
    layer = Dense(
        name="fc",
        inputs=("x",),
        shape=(2,),
        result=T,
        weight=frozen(weight),
        weight_type=T,
        bias=frozen([0, 1]),
        bias_type=T,
        accumulator=FixedPoint.parse("fixed<10,6>"),
        source="dense_1",
    )
    return Graph("net", (Input(name="x", inputs=(), shape=(2,), result=T), layer), ("fc",), origin or {})


def assert_same(ours, other):
    assert (ours.name, ours.outputs, dict(ours.origin)) == (other.name, other.outputs, dict(other.origin))
    assert len(ours.nodes) == len(other.nodes)
    for a, b in zip(ours.nodes, other.nodes, strict=True):
        assert type(a) is type(b)
        for item in fields(a):
            left, right = getattr(a, item.name), getattr(b, item.name)
            if isinstance(left, np.ndarray):
                assert left.dtype == right.dtype
                np.testing.assert_array_equal(left, right, strict=True)
                assert not right.flags.writeable
            else:
                assert left == right
                assert type(left) is type(right)


@given(graphs())
def test_round_trip(tmp_path_factory, graph):
    folder = tmp_path_factory.mktemp("graph")
    save(graph, folder)
    again = load(folder, Graph)
    assert_same(graph, again)
    assert to_bytes(graph) == to_bytes(again)
    assert digest(graph) == digest(again)


def test_load_as_a_subclass(tmp_path):
    class Ours(Graph):
        """A Graph with more methods."""

    save(small(), tmp_path)
    assert type(load(tmp_path, Ours)) is Ours


def test_digest_is_of_the_arithmetic_alone():
    assert digest(small()) == digest(small(origin={"file": "a.keras"}))
    assert digest(small()) != digest(small(weight=((1, 2), (3, 5))))


def test_save_leaves_only_its_two_files(tmp_path):
    save(small(), tmp_path)
    save(small(((4, 3), (2, 1))), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [JSON_NAME, ARRAYS_NAME]
    assert load(tmp_path, Graph)["fc"].weight.tolist() == [[4, 3], [2, 1]]


def test_save_into_a_file_is_refused(tmp_path):
    target = tmp_path / "design"
    target.write_text("mine")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        save(small(), target)
    assert target.read_text() == "mine"


def written(folder: Path, change=None, arrays=None) -> Path:
    """A saved `small()` whose JSON `change` has edited, or whose npz holds `arrays` (with the hash to match)."""
    save(small(), folder)
    document = json.loads((folder / JSON_NAME).read_text())
    if arrays is not None:
        (folder / ARRAYS_NAME).write_bytes(arrays)
        document["arrays_sha256"] = hashlib.sha256(arrays).hexdigest()
    if change is not None:
        change(document)
    (folder / JSON_NAME).write_text(json.dumps(document))
    return folder


def npz(**arrays) -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **{name.replace("_", "."): array for name, array in arrays.items()})
    return packed.getvalue()


def refusal(folder: Path) -> str:
    with pytest.raises(GraphError) as error:
        load(folder, Graph)
    text = str(error.value)
    assert str(folder) in text
    assert "\n" not in text
    return text


def set_node(index, key, value):
    def change(document):
        document["nodes"][index][key] = value

    return change


def drop(*path):
    def change(document):
        place = document
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(version=3), "has format version 3, this codesign reads 1 and 2; upgrade codesign"),
        (lambda d: d.update(version="1"), "has format version '1', this codesign reads 1 and 2"),
        (drop("version"), "has format version None"),
        (lambda d: d.update(format="onnx"), "is not a codesign graph; make one with `codesign convert"),
        (drop("arrays_sha256"), "does not belong to"),
        (drop("nodes"), "is damaged (it lacks 'nodes'); convert the model again"),
        (lambda d: d.update(nodes=7), "is damaged"),
        (lambda d: d.update(nodes=[7]), "node 0 is not a record with an operation"),
        (lambda d: d.update(outputs=[["fc"]]), "is damaged (outputs is ['fc'])"),
        (lambda d: d.update(name=5), "is damaged (name is 5)"),
        (lambda d: d.update(name="a b"), "graph name 'a b' is not an identifier"),
        (lambda d: d.update(origin={"a": 1}), "is damaged (origin is 1)"),
        (lambda d: d.update(outputs=["nowhere"]), "output 'nowhere' is not a node"),
        (set_node(1, "op", "conv9d"), "node 1 has operation 'conv9d', which is none of "),
        (set_node(1, "colour", "red"), "node 1 (dense) has unknown field 'colour'"),
        (drop("nodes", 1, "accumulator"), "node 1 (dense) lacks 'accumulator'"),
        (set_node(1, "accumulator", "half"), "'half' is not a fixed-point type"),
        (set_node(1, "accumulator", 16), "is damaged (accumulator of node 1 is 16)"),
        (set_node(1, "accumulator", None), "is damaged (accumulator of node 1 is None)"),
        (set_node(1, "shape", ["2"]), "is damaged (shape of node 1 is '2')"),
        (set_node(1, "shape", [2.0]), "is damaged (shape of node 1 is 2.0)"),
        (set_node(1, "shape", [True]), "is damaged (shape of node 1 is True)"),
        (set_node(1, "shape", [3]), "weight has shape (2, 2), expected (2, 3)"),
        (set_node(1, "reuse_factor", "1"), "is damaged (reuse_factor of node 1 is '1')"),
        (set_node(1, "reuse_factor", -1), "has reuse factor -1; it must be at least 1"),
        (set_node(1, "inputs", "x"), "is damaged (inputs of node 1 is 'x')"),
        (set_node(1, "inputs", ["y"]), "node 'fc' reads 'y', which no node before it gives"),
        (set_node(1, "name", '../../x; rm -rf $HOME "'), "is not an identifier; use letters, digits and _"),
        (set_node(1, "weight", [[1, 2], [3, 4]]), "is damaged (weight of node 1 is [[1, 2], [3, 4]])"),
        (set_node(1, "weight_type", "ufixed<2,2>"), "weight spans [1, 4], but ufixed<2,2> holds [0, 3]"),
    ],
)
def test_changed_json_is_refused(tmp_path, change, said):
    assert said in refusal(written(tmp_path, change))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (npz(**{"1_weight": np.ones((2, 2), np.int64)}), "node 1 (dense) lacks 'bias'"),
        (npz(**{"1_weight": np.ones((2, 2)), "1_bias": np.zeros(2, np.int64)}), "has dtype float64, expected int64"),
        (npz(**{"1_weight": np.ones((2, 2), np.int32), "1_bias": np.zeros(2, np.int64)}), "has dtype int32"),
        (npz(**{"1_weight": np.ones((3, 2), np.int64), "1_bias": np.zeros(2, np.int64)}), "weight has shape (3, 2)"),
        (npz(**{"1_weight": np.full((2, 2), 8), "1_bias": np.zeros(2, np.int64)}), "weight spans [8, 8]"),
        (npz(**{"1_weight": np.array([[{}, 1]], object), "1_bias": np.zeros(2, np.int64)}), "is damaged"),
        (
            npz(**{n: np.zeros((2, 2)[: 3 - i], np.int64) for i, n in enumerate(["1_weight", "1_bias", "2_x"], 1)}),
            "array '2.x' belongs to no node",
        ),
        (pickle.dumps({"1.weight": [1, 2]}), "is damaged (graph.npz: File is not a zip file)"),
        (b"", "is damaged"),
        (b"PK\x03\x04" + b"\0" * 40, "is damaged"),
    ],
)
def test_changed_arrays_are_refused(tmp_path, arrays, said):
    assert said in refusal(written(tmp_path, arrays=arrays))


def test_pickles_are_never_run(tmp_path):
    ran = tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return (Path.touch, (ran,))

    arrays = npz(**{"1_weight": np.array([[Trap(), 1], [1, 1]], object), "1_bias": np.zeros(2, np.int64)})
    assert "is damaged" in refusal(written(tmp_path / "design", arrays=arrays))
    assert not ran.exists()


def test_compressed_arrays_are_refused(tmp_path):
    packed = io.BytesIO()
    np.savez_compressed(packed, **{"1.weight": np.ones((2, 2), np.int64), "1.bias": np.zeros(2, np.int64)})
    assert "is compressed or no array" in refusal(written(tmp_path, arrays=packed.getvalue()))


def test_a_header_that_claims_more_than_the_file_holds(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<i8", "fortran_order": False, "shape": (2**58,)})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("1.weight.npy", header.getvalue() + b"\0" * 64)
    assert "is damaged" in refusal(written(tmp_path, arrays=packed.getvalue()))


def test_files_of_two_graphs_are_refused(tmp_path):
    save(small(), tmp_path)
    _, other = to_bytes(small(((0, 0), (0, 0))))
    (tmp_path / ARRAYS_NAME).write_bytes(other)
    assert "graph.npz does not belong to" in refusal(tmp_path)


@pytest.mark.parametrize("name", [JSON_NAME, ARRAYS_NAME])
def test_a_missing_file_is_named(tmp_path, name):
    save(small(), tmp_path)
    (tmp_path / name).unlink()
    assert refusal(tmp_path) == f"{tmp_path / name} is missing; make it with `codesign convert MODEL --out DIR`"


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[" * 200_000, b"null", b"[]", b'"graph"', b"NaN"])
def test_bytes_that_are_no_graph_are_refused(tmp_path, text):
    save(small(), tmp_path)
    (tmp_path / JSON_NAME).write_bytes(text)
    assert "is damaged" in refusal(tmp_path) or "is not a codesign graph" in refusal(tmp_path)


@given(st.data())
def test_a_flipped_byte_never_passes_as_another_graph(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("graph")
    save(small(), folder)
    path = folder / data.draw(st.sampled_from([JSON_NAME, ARRAYS_NAME]))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with suppress(GraphError):
        # Only another legal text in the JSON may load: the integers are hashed.
        again = load(folder, Graph)
        assert path.name == JSON_NAME
        assert again.nodes[1].weight.tolist() == [[1, 2], [3, 4]]
