"""The ports and the language of the RTL as they are asked for; what cannot be is refused before any work."""

from __future__ import annotations

import pytest

from codesign.cli import main
from codesign.errors import UsageError
from codesign.road.running import run
from codesign.rtl import Interface, Language, Manifest

pytest.importorskip("keras")
pytest.importorskip("hls4ml")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from tests.frontend.models import mlp

    path = tmp_path_factory.mktemp("ports") / "small.keras"
    mlp().save(path)
    return path


def converted(model, folder, *more):
    command = ["convert", str(model), "--out", str(folder), "--input-precision", "ufixed<5,1>", "--clock-ns", "20"]
    return main([*command, *more])


def test_ports_as_asked_for(model, tmp_path):
    assert converted(model, tmp_path / "d", "--interface", "axis", "--axis-width", "64", "--axi-lite") == 0
    manifest = Manifest.load(tmp_path / "d" / "rtl")
    assert manifest.interface is Interface.AXIS
    assert {bus.slot for bus in manifest.inputs} == {8}
    assert [register.name for register in manifest.registers][-1] == "digest"
    assert converted(model, tmp_path / "d", "--language", "vhdl") == 0
    assert Manifest.load(tmp_path / "d" / "rtl").language is Language.VHDL


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--axis-width", "32"), "interface valid_ready has no axis width"),
        (("--interface", "axis", "--axis-width", "24"), "an axis width of 24 bits is none that a bus has"),
        (("--interface", "axis", "--axis-width", "8"), "bits, which AXI4-Stream ports of 8 bits do not hold"),
        (("--language", "vhdl", "--axi-lite"), "ports AXI4-Lite are written in Verilog alone"),
        (("--language", "vhdl", "--reuse-factor", "8"), "its unit is a template in SystemVerilog"),
    ],
)
def test_what_cannot_be_is_refused_before_work(model, tmp_path, capsys, options, told):
    assert converted(model, tmp_path / "d", *options) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_a_recipes_ports_are_checked_before_it_trains(tmp_path, checkout):
    recipe = tmp_path / "recipe.yml"
    text = (checkout / "examples" / "digits.yml").read_text()
    recipe.write_text(text.replace("\nconvert:\n", "\nconvert:\n  axis_width: 32\n"))
    with pytest.raises(UsageError, match=r"interface valid_ready has no axis width"):
        run(recipe, tmp_path / "out")
    assert not (tmp_path / "out").exists()
