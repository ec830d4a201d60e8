"""The compiled C simulation against the Graph: equal integers, for every layer and every mode."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from codesign.errors import DesignError, InputDataError, OutputError, ToolFailedError, ToolMissingError
from codesign.graph import Graph, Input, Overflow, Reshape, Rounding, save
from codesign.hls import CsimRun, compile_csim, run_csim, write_project
from codesign.simulate import execute

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from hls4ml.model.types import SaturationMode  # noqa: E402

from tests.hls.designs import Pair, convert, fill, full_range, layers, mlp  # noqa: E402

pytestmark = pytest.mark.tools

SAMPLES = 300


@dataclass(frozen=True)
class Written:
    """A design's HLS project, compiled."""

    graph: Graph
    folder: Path
    work: Path


def write(design: Pair, place: Path) -> Written:
    folder = place / "hls"
    folder.mkdir()
    write_project(design.model_graph, design.graph, folder)
    return Written(design.graph, folder, place / "work")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Written:
    made = write(mlp(), tmp_path_factory.mktemp("small"))
    compile_csim(made.folder, made.work)
    return made


def check(graph: Graph, run: CsimRun, inputs, layers_expected: set[str]) -> None:
    """Equal to the Graph: all outputs, and exactly the layers that are expected."""
    expected = execute(graph, inputs)
    assert tuple(run.outputs) == graph.outputs
    assert set(run.layers) == layers_expected
    for name, values in {**run.layers, **run.outputs}.items():
        assert values.dtype == expected[name].dtype or graph[name].result.width > 62, name
        assert np.array_equal(values, expected[name]), name


def test_every_rounding_and_overflow_mode(tmp_path):
    """One branch for each pair of modes, in result and accumulator both, its sums far beyond both types' ranges."""
    given = layers().Input((3,), name="pixels")
    modes = [pair for pair in itertools.product(Rounding, Overflow) if pair[1].value in SaturationMode.__members__]
    assert len(modes) == len(Rounding) * 4  # hls4ml has no WRAP_SM
    types = {"pixels": {"result": "fixed<7,3>"}}
    outputs = []
    for index, (rounding, overflow) in enumerate(modes):
        name = f"{rounding.value}_{overflow.value}".lower()
        other = modes[(index * 11 + 4) % len(modes)]
        outputs.append(layers().Dense(2, name=name)(given))
        types[name] = {
            "weight": "fixed<7,3>",
            "bias": "fixed<7,3>",
            "accum": f"fixed<{9 + index % 3},{5 + index % 2},{other[0].value},{other[1].value}>",
            "result": f"fixed<{4 + index % 3},{3 + index % 2},{rounding.value},{overflow.value}>",
        }
    made = write(convert(fill(keras.Model(given, outputs), 11), types), tmp_path)
    inputs = full_range(made.graph, 1000, 5)
    run = run_csim(made.folder, inputs, made.work, trace=True)
    check(made.graph, run, inputs, set(types) - {"pixels"})


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_every_layer_of_a_classifier(tmp_path, io_type):
    given = layers().Input((2, 4), name="image")
    hidden = layers().BatchNormalization(name="norm")(layers().Activation("relu", name="relu")(given))
    hidden = layers().Dense(6, name="first")(layers().Flatten(name="flat")(hidden))
    hidden = layers().Activation("linear", name="narrow")(layers().BatchNormalization(name="fused")(hidden))
    head = layers().Softmax(name="head")(layers().Dense(5, name="last")(hidden))
    model = fill(keras.Model(given, head), 21)
    types = {
        "image": {"result": "fixed<9,4>"},
        "relu": {"result": "ufixed<7,3,RND,SAT>"},
        "norm": {"scale": "fixed<10,4>", "bias": "fixed<10,4>", "result": "fixed<10,5,RND_CONV,SAT>"},
        "first": {"weight": "fixed<9,3>", "bias": "fixed<9,3>", "accum": "fixed<15,7>", "result": "fixed<11,6>"},
        "narrow": {"result": "fixed<7,4,RND_ZERO,SAT_SYM>"},
        "last": {"weight": "fixed<8,3>", "bias": "fixed<8,3>", "accum": "fixed<20,9>", "result": "fixed<12,5>"},
        "head": {"result": "ufixed<10,1,RND,SAT>"},
    }
    made = write(convert(model, types, io_type=io_type), tmp_path)
    inputs = full_range(made.graph, SAMPLES, 6)
    run = run_csim(made.folder, inputs, made.work, trace=True)
    traced = {node.name for node in made.graph if not isinstance(node, (Input, Reshape))}
    assert {"relu", "norm", "first", "last", "head"} <= traced
    check(made.graph, run, inputs, traced)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_several_ports_of_every_kind_and_width(tmp_path, io_type):
    """Wide types come in several words; what a double does not hold is not traced."""
    kinds = {
        "wide": ("fixed<70,20>", "fixed<140,50>", "fixed<90,40,RND,SAT>"),
        "words": ("fixed<64,32>", "fixed<128,70>", "fixed<128,70>"),
        "counts": ("uint<7>", "fixed<30,20>", "int<9>"),
        "bits": ("uint<1>", "fixed<20,10>", "ufixed<1,1>"),
        "huge": ("ufixed<100,60>", "fixed<200,100>", "ufixed<65,33,RND,SAT>"),
        "shifted": ("fixed<6,-2>", "fixed<24,10>", "fixed<5,9>"),
    }
    given, outputs, types = [], [], {}
    for name, (source, accumulator, result) in kinds.items():
        given.append(layers().Input((3,), name=name))
        outputs.append(layers().Dense(2, name=f"of_{name}")(given[-1]))
        types[name] = {"result": source}
        weights = {"weight": "fixed<7,2>", "bias": "fixed<7,2>", "accum": accumulator, "result": result}
        types[f"of_{name}"] = weights
    made = write(convert(fill(keras.Model(given, outputs), 31), types, io_type=io_type), tmp_path)
    inputs = full_range(made.graph, SAMPLES, 7)
    run = run_csim(made.folder, inputs, made.work, trace=True)
    check(made.graph, run, inputs, {"of_counts", "of_bits", "of_shifted"})


def test_weights_in_memories_are_handed_to_the_top_function(tmp_path):
    design = mlp(settings={"first": {"Strategy": "Resource"}}, whole={"BramFactor": 0}, namespace="inner")
    made = write(design, tmp_path)
    assert "w2, b2" in (made.folder / "csim.cpp").read_text()
    inputs = full_range(made.graph, SAMPLES, 8)
    check(made.graph, run_csim(made.folder, inputs, made.work), inputs, set())


def test_no_samples_give_no_answers(small):
    inputs = {"pixels": np.zeros((0, 8), dtype=np.int64)}
    run = run_csim(small.folder, inputs, small.work, trace=True)
    assert {name: values.shape for name, values in {**run.layers, **run.outputs}.items()} == {
        "first": (0, 6),
        "relu": (0, 6),
        "last": (0, 4),
    }


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"inputs are named \[\], but the HLS project's ports are \['pixels'\]"),
        ({"pixels": np.zeros((2, 7), int)}, r"input 'pixels' has shape \(2, 7\), expected \(samples, 8\)"),
        ({"pixels": np.zeros((2, 8))}, r"input 'pixels' has dtype float64, expected integers of fixed<8,3>"),
        ({"pixels": np.full((2, 8), 128)}, r"spans integers \[128, 128\], but fixed<8,3> holds \[-128, 127\]"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(small, inputs, message):
    with pytest.raises(InputDataError, match=message):
        run_csim(small.folder, inputs, small.work)


def test_it_is_compiled_once_and_again_when_its_code_changes(small, tmp_path):
    folder, work = tmp_path / "moved", tmp_path / "work"
    shutil.copytree(small.folder, folder)
    shutil.copytree(small.work, work)
    program = compile_csim(folder, work)
    before = program.stat()
    assert compile_csim(folder, work) == program
    assert program.stat() == before  # a moved project needs no new program
    top = folder / "firmware" / "design.cpp"
    top.write_text(top.read_text() + "// changed\n")
    assert compile_csim(folder, work).stat().st_mtime_ns > before.st_mtime_ns


def test_a_moved_project_answers_with_its_own_weights(small, tmp_path):
    folder = tmp_path / "moved by hand"
    shutil.copytree(small.folder, folder)
    weights = folder / "firmware" / "weights" / "b4.txt"
    values = [float(text) for text in weights.read_text().split(",")]
    step = 2.0 ** -small.graph["last"].bias_type.fraction
    weights.write_text(", ".join(str(value + step * (index == 2)) for index, value in enumerate(values)))
    inputs = full_range(small.graph, 20, 9)
    original = run_csim(small.folder, inputs, small.work).outputs["last"]
    shutil.rmtree(tmp_path / "work", ignore_errors=True)
    changed = run_csim(folder, inputs, small.work).outputs["last"]
    assert np.array_equal(np.unique(np.nonzero(original != changed)[1]), [2])


def test_nothing_is_left_of_a_run_but_its_log(small):
    run_csim(small.folder, full_range(small.graph, 5, 1), small.work, trace=True)
    left = {str(path.relative_to(small.work)) for path in small.work.rglob("*") if path.is_file()}
    assert left == {"compile.log", "program/csim", "program/.codesign.json", "run.log", "run/.codesign.json"}


def broken(small: Written, tmp_path: Path, name: str, text: str | None) -> Path:
    folder = tmp_path / "broken"
    shutil.copytree(small.folder, folder)
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"C simulation exited with status 1; its log is .*run\.log, .*w2\.txt does not exist"),
        ("1.0, 2.0", r"C simulation of .* complained: .*Expected 48 values but read only 2 values.*run\.log"),
    ],
)
def test_weights_that_lack_are_told(small, tmp_path, text, message):
    folder = broken(small, tmp_path, "firmware/weights/w2.txt", text)
    with pytest.raises(ToolFailedError, match=message):
        run_csim(folder, full_range(small.graph, 5, 1), small.work)
    assert not list(small.work.rglob("*.bin"))


def test_code_that_does_not_compile_is_told_and_leaves_no_program(small, tmp_path):
    folder, work = broken(small, tmp_path, "firmware/design.cpp", "int broken(\n"), tmp_path / "work"
    with pytest.raises(
        ToolFailedError, match=r"g\+\+ on the HLS project exited with status 1; its log is .*compile\.log"
    ):
        compile_csim(folder, work)
    assert [path.name for path in work.iterdir()] == ["compile.log"]


def test_a_crash_is_told(small, tmp_path):
    top = (small.folder / "firmware" / "design.cpp").read_text().replace("{\n\n", "{\n    abort();\n", 1)
    folder = broken(small, tmp_path, "firmware/design.cpp", top)
    with pytest.raises(ToolFailedError, match=r"the C simulation was killed by signal 6; its log is .*run\.log"):
        run_csim(folder, full_range(small.graph, 5, 1), tmp_path / "work")


@pytest.mark.parametrize("name", ["csim.json", "csim.cpp", "firmware/design.cpp"])
def test_a_project_that_lacks_a_file_is_refused(small, tmp_path, name):
    folder = broken(small, tmp_path, name, None)
    with pytest.raises(DesignError, match=rf"{name}.*; convert the model again"):
        compile_csim(folder, tmp_path / "work")


def test_without_gpp_it_says_how_to_get_it(small, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match=r"g\+\+ is not on PATH.*sudo apt-get install g\+\+"):
        compile_csim(small.folder, tmp_path / "work")


def test_a_work_folder_that_is_a_file_is_refused(small, tmp_path):
    (tmp_path / "work").write_text("")
    with pytest.raises(OutputError, match="work is a file, not a folder"):
        compile_csim(small.folder, tmp_path / "work")


WITHOUT = """
import sys
from pathlib import Path
import numpy as np
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("hls4ml", "keras", "qkeras", "tensorflow"):
            raise ModuleNotFoundError(f"{name} is not to be imported here", name=name)
sys.meta_path.insert(0, Absent())
from codesign.graph import Graph, load
from codesign.hls import run_csim
from codesign.simulate import execute
folder, graph, work = map(Path, sys.argv[1:])
graph = load(graph, Graph)
inputs = {"pixels": np.random.default_rng(2).integers(-128, 128, (50, 8))}
run = run_csim(folder, inputs, work, trace=True)
expected = execute(graph, inputs)
assert list(run.layers) == ["first", "relu", "last"]
for name, values in {**run.layers, **run.outputs}.items():
    assert np.array_equal(values, expected[name]), name
print("equal")
"""


def test_a_machine_without_hls4ml_and_keras_compiles_and_runs_it(small, tmp_path):
    save(small.graph, tmp_path)
    command = [sys.executable, "-c", WITHOUT, str(small.folder), str(tmp_path), str(tmp_path / "work")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "equal\n"), done.stderr


COMPILE = """
import sys
from pathlib import Path
from codesign.hls import compile_csim
compile_csim(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_killed_compile_leaves_no_program_and_the_next_one_cleans_up(small, tmp_path):
    work = tmp_path / "work"
    process = subprocess.Popen([sys.executable, "-c", COMPILE, str(small.folder), str(work)])
    deadline = time.monotonic() + 60
    while not (work / "compile.log").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (work / "program").exists()
    inputs = full_range(small.graph, 50, 3)
    run = run_csim(small.folder, inputs, work)
    check(small.graph, run, inputs, set())
    assert sorted(path.name for path in work.iterdir()) == ["compile.log", "program", "run", "run.log"]


def test_the_manifest_decides_what_is_run_not_the_caller(small, tmp_path):
    """A stranger's manifest cannot name a program or a path."""
    folder = tmp_path / "strange"
    shutil.copytree(small.folder, folder)
    record = json.loads((folder / "csim.json").read_text())
    (folder / "csim.json").write_text(json.dumps({**record, "project": "../../../bin/sh"}))
    with pytest.raises(DesignError, match=r"'\.\./\.\./\.\./bin/sh' is not an identifier"):
        run_csim(folder, full_range(small.graph, 5, 1), tmp_path / "work")
