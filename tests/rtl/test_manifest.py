"""The manifest comes back as it was written; a damaged, foreign or newer one is refused in one sentence."""

from __future__ import annotations

import json

import pytest

from codesign import rtl
from codesign.errors import DesignError
from tests.rtl.designs import mlp


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rtl")
    manifest = rtl.write_project(mlp(), folder, clock_ns=8, family=rtl.Family.ECP5, part="LFE5U-85F")
    return folder, manifest


def test_it_comes_back(project):
    folder, manifest = project
    assert rtl.Manifest.load(folder) == manifest


def test_it_says_how_numbers_lie(project):
    _, manifest = project
    (image,) = manifest.inputs
    assert (image.elements, image.bits, image.width, image.signed, image.type) == (8, 5, 40, False, "ufixed<5,1>")
    assert image.shape == (2, 4)
    assert [bus.node for bus in manifest.outputs] == ["logits", "winner"]
    assert "row-major" in manifest.packing
    assert [bus.node for bus in manifest.layers] == [node.name for node in mlp()]
    assert (manifest.interval, manifest.interface, manifest.reset_low) == (1, rtl.Interface.VALID_READY, False)
    assert (image.signal, image.valid, image.ready) == ("x0_image_data", "x0_image_valid", "x0_image_ready")
    assert (image.lanes, image.beats, image.slot) == (8, 1, 5)


DAMAGE = {
    "version": ({"version": 99}, "has version 99, this codesign reads 2; upgrade"),
    "format": ({"format": "other"}, "is not the manifest of an RTL project"),
    "unknown field": ({"surprise": 1}, "damaged .field 'surprise'"),
    "source outside": ({"sources": ["../../etc/passwd.v"]}, "is not a Verilog or VHDL file inside the project"),
    "source absolute": ({"sources": ["/etc/passwd.v"]}, "is not a Verilog or VHDL file inside the project"),
    "source option": ({"sources": ["--exe x.v"]}, "is not a Verilog or VHDL file inside the project"),
    "top": ({"top": 'a" -var "*'}, "is not a Verilog name"),
    "latency": ({"latency_cycles": "9"}, "latency_cycles is '9'"),
    "family": ({"family": "abacus"}, "abacus"),
    "inputs": ({"inputs": []}, "no inputs"),
    "interface": ({"interface": "telepathy"}, "telepathy"),
    "bus": ({"inputs": [{"node": "x"}]}, "missing or unknown"),
}


@pytest.mark.parametrize(("change", "message"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_told(project, tmp_path, change, message):
    folder, _ = project
    document = json.loads((folder / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**document, **change}))
    with pytest.raises(DesignError, match=message):
        rtl.Manifest.load(tmp_path)


def test_a_bus_that_contradicts_itself(project, tmp_path):
    folder, _ = project
    document = json.loads((folder / "manifest.json").read_text())
    for change, message in (
        ({"bits": 6}, "bus 'x0_image_data' contradicts itself"),
        ({"slot": 4}, "bus 'x0_image_data' contradicts itself"),
        ({"valid": "a; b"}, "'a; b' is not a Verilog name"),
        ({"beats": 2}, "has 2 beats of 8 for 8 numbers"),
        ({"lanes": 3}, "has 1 beats of 3 for 8 numbers"),
    ):
        changed = {**document, "inputs": [{**document["inputs"][0], **change}]}
        (tmp_path / "manifest.json").write_text(json.dumps(changed))
        with pytest.raises(DesignError, match=message):
            rtl.Manifest.load(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"format": "codesign-rtl", "version": 2}'])
def test_rubbish_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DesignError, match=r"manifest\.json"):
        rtl.Manifest.load(tmp_path)


def test_nothing_there(tmp_path):
    with pytest.raises(DesignError, match=r"manifest.json is missing; write the RTL project again"):
        rtl.Manifest.load(tmp_path)
