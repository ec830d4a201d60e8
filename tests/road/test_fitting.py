"""The smallest reuse factor at which a design fits: by counts of real synthesis, on boards made small."""

import numpy as np
import pytest

from codesign import rtl
from codesign.board import load_board
from codesign.errors import BoardError, UnsupportedLayerError
from codesign.graph import Graph
from codesign.resources import resource
from codesign.road import fitting
from codesign.road.fitting import fit
from codesign.simulate import execute
from codesign.verify.rtl import simulate_rtl
from tests.rtl.designs import activation, dense, port


def small():
    nodes = (
        port("x", (8,), "ufixed<4,2>"),
        dense("a", "x", 8, 6, weight="fixed<5,1>", bias="fixed<5,1>", accumulator="fixed<14,6>", result="fixed<10,5>"),
        activation("r", "a", (6,), "ufixed<4,2,RND,SAT>"),
        dense("b", "r", 6, 4, weight="fixed<5,1>", bias="fixed<5,1>", accumulator="fixed<14,6>", result="fixed<10,5>"),
    )
    return Graph("small", nodes, ("b",))


def board_of(folder, lut):
    """The iCEBreaker, had its part so many LUTs."""
    boards = resource("boards")
    (folder / "icebreaker.pcf").write_text((boards / "icebreaker.pcf").read_text())
    text = (boards / "icebreaker.yaml").read_text()
    assert "lut: 5280" in text
    (folder / "mine.yaml").write_text(text.replace("lut: 5280", f"lut: {lut}").replace("icebreaker\n", "mine\n", 1))
    return load_board(folder / "mine.yaml")


@pytest.mark.tools
@pytest.mark.slow
def test_the_smallest_reuse_factor_that_fits_and_no_larger_design(tmp_path):
    graph = small()
    board = board_of(tmp_path, 600)
    found = fit(graph, board, clock_ns=100.0, work=tmp_path / "work")
    tried = dict(found.runs)
    uniform = max(found.reuse.values())
    assert tried[uniform]
    assert not any(fits for reuse, fits in tried.items() if reuse < uniform)
    assert any(not fits for fits in tried.values())
    assert 0 < found.counts["lut"] <= 480
    manifest = rtl.write_project(
        graph,
        tmp_path / "rtl",
        clock_ns=100.0,
        family=rtl.Family.ICE40,
        part=board.part,
        reuse=found.reuse,
        multipliers=found.multipliers,
        fitted=(board.name, found.counts),
    )
    assert rtl.Manifest.load(tmp_path / "rtl") == manifest
    assert (manifest.fitted_to, manifest.fitted) == ("mine", found.counts)
    assert set(manifest.reuse) == {"a", "b"}
    x = np.random.default_rng(1).integers(0, 16, (40, 8))
    run = simulate_rtl(tmp_path / "rtl", {"x": x}, tmp_path / "simulation", layers=True)
    for name, values in execute(graph, {"x": x}).items():
        np.testing.assert_array_equal(run.layers[name], values, err_msg=name)


@pytest.mark.tools
def test_a_design_that_fits_at_no_reuse_factor(tmp_path):
    with pytest.raises(BoardError, match=r"board mine: .*one multiplier for each layer.*lut \d+ of 16;.*larger board"):
        fit(small(), board_of(tmp_path, 20), clock_ns=100.0, work=tmp_path / "work")


def test_dsp_blocks_that_do_not_suffice_make_way_for_luts(tmp_path, monkeypatch):
    """Where synthesis counts too many blocks and nothing else, the same reuse factor is tried without."""
    from codesign.board.utilisation import Utilisation

    seen = []

    def synthesised(sources, board, work):
        text = "".join((sources.folder / name).read_text() for name in sources.sources)
        if "cs_matvec" not in text:
            return Utilisation.of(board.family, {"SB_LUT4": 9999}, "none", 0.0)
        seen.append(9 if ".DSP(1)" in text else 0)
        return Utilisation.of(board.family, {"SB_LUT4": 10, "SB_MAC16": seen[-1]}, "none", 0.0)

    monkeypatch.setattr(fitting, "synthesise", synthesised)
    wide = {"weight": "fixed<16,1>", "bias": "fixed<5,1>", "accumulator": "fixed<40,20>", "result": "fixed<10,5>"}
    graph = Graph("wide", (port("x", (4,), "fixed<16,2>"), dense("a", "x", 4, 4, **wide)), ("a",))
    found = fit(graph, board_of(tmp_path, 900), clock_ns=100.0, work=tmp_path / "work")
    assert found.multipliers is rtl.Multipliers.LUT
    assert seen[:2] == [9, 0]


def test_luts_are_left_for_what_synthesis_does_not_count(tmp_path, monkeypatch):
    """On Gowin flip-flops take LUTs: of 8,640, three fifths are the most that synthesis may count."""
    from codesign.board.utilisation import Utilisation

    seen = []

    def synthesised(sources, board, work):
        text = "".join((sources.folder / name).read_text() for name in sources.sources)
        seen.append(5184 if "cs_matvec" in text else 5185)
        return Utilisation.of(board.family, {"LUT4": seen[-1]}, "none", 0.0)

    monkeypatch.setattr(fitting, "synthesise", synthesised)
    found = fit(small(), load_board("tang-nano-9k"), clock_ns=100.0, work=tmp_path / "work")
    assert found.counts["lut"] == 5184
    assert 5185 in seen


def test_what_has_no_rtl_is_refused_before_anything_is_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "synthesise", None)
    node = dense("a", "x", 4, 2, accumulator="fixed<14,6>", result="float")
    with pytest.raises(UnsupportedLayerError, match="layer 'a'"):
        fit(Graph("g", (port("x", (4,), "fixed<6,2>"), node), ("a",)), board_of(tmp_path, 900), clock_ns=9.0,
            work=tmp_path / "work")  # fmt: skip


@pytest.mark.tools
@pytest.mark.slow
def test_a_model_fitted_from_the_command_line_answers_as_the_graph(tmp_path, capsys):
    pytest.importorskip("keras")
    pytest.importorskip("hls4ml")
    from codesign.cli import main
    from tests.frontend.models import mlp

    model, out, board = tmp_path / "small.keras", tmp_path / "design", board_of(tmp_path, 1500)
    mlp().save(model)
    command = ["convert", str(model), "--out", str(out), "--input-precision", "ufixed<5,1>", "--clock-ns", "100"]
    assert main([*command, "--fit", str(board.path)]) == 0
    assert "fits mine (lut " in " ".join(capsys.readouterr().out.split())
    manifest = rtl.Manifest.load(out / "rtl")
    assert manifest.fitted_to == "mine"
    assert 0 < manifest.fitted["lut"] <= 1500 * 0.8
    assert main(["verify", str(out), "--rungs", "rtl", "--random", "50"]) == 0
    refused = [*command, "--fit", str(board_of(tmp_path, 20).path)]
    assert main(refused) == 2
    assert "does not fit even with one multiplier" in capsys.readouterr().err
    assert rtl.Manifest.load(out / "rtl") == manifest
