"""The record of what a C simulation reads and answers."""

from __future__ import annotations

import json

import pytest

from codesign.errors import DesignError
from codesign.graph import FixedPoint
from codesign.hls.manifest import MANIFEST, Manifest, Port

PORTS = (Port("pixels", (2, 4), FixedPoint.parse("fixed<8,3>")), Port("mask", (1,), FixedPoint.parse("uint<1>")))
RESULT = Port("last", (4,), FixedPoint.parse("fixed<12,7,RND_CONV,SAT_SYM>"))
GOOD = Manifest("design", PORTS, (RESULT,), (Port("first", (6,), FixedPoint.parse("fixed<90,7>")),), "0123")


def test_a_manifest_comes_back(tmp_path):
    GOOD.save(tmp_path)
    assert Manifest.load(tmp_path) == GOOD
    assert PORTS[0].size == 8


def test_a_folder_without_one_is_refused(tmp_path):
    with pytest.raises(DesignError, match=r"csim\.json is missing: .* holds no HLS project; convert the model again"):
        Manifest.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\udcff", "[]", '{"format": "other"}'])
def test_a_file_that_is_something_else_is_refused(tmp_path, text):
    (tmp_path / MANIFEST).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DesignError, match=r"csim\.json .*(damaged|describes no C simulation).*convert the model again"):
        Manifest.load(tmp_path)


def test_a_newer_version_is_refused(tmp_path):
    GOOD.save(tmp_path)
    record = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**record, "version": 2}))
    with pytest.raises(DesignError, match="has version 2, this codesign reads 1"):
        Manifest.load(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("project", "../design"),
        ("project", 'x"; rm -rf'),
        ("project", None),
        ("inputs", None),
        ("inputs", [{"name": "pixels", "shape": [2, 4]}]),
        ("inputs", [{"name": "a b", "shape": [2], "type": "fixed<8,3>"}]),
        ("inputs", [{"name": "a", "shape": [2], "type": "flat<8>"}]),
        ("inputs", [{"name": "a", "shape": [0], "type": "fixed<8,3>"}]),
        ("inputs", [{"name": "a", "shape": [True], "type": "fixed<8,3>"}]),
        ("inputs", [{"name": "a", "shape": [], "type": "fixed<8,3>"}]),
        ("outputs", [{"name": "a", "shape": [1], "type": "fixed<8,3>"}] * 2),
    ],
)
def test_damaged_fields_are_refused(tmp_path, field, value):
    GOOD.save(tmp_path)
    record = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**record, field: value}))
    with pytest.raises(DesignError, match=r"csim\.json is damaged .*; convert the model again"):
        Manifest.load(tmp_path)


@pytest.mark.parametrize("field", ["project", "inputs", "outputs", "layers", "graph"])
def test_absent_fields_are_refused(tmp_path, field):
    GOOD.save(tmp_path)
    record = json.loads((tmp_path / MANIFEST).read_text())
    del record[field]
    (tmp_path / MANIFEST).write_text(json.dumps(record))
    with pytest.raises(DesignError, match=rf"csim\.json is damaged .*{field}"):
        Manifest.load(tmp_path)
