"""The HLS project as files: the same each time, whole, and at home in any folder."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import yaml

from codesign.errors import GraphError, OutputError, UnsupportedLayerError
from codesign.graph import Dense, Graph, frozen
from codesign.hls.manifest import Manifest
from codesign.hls.project import write_project

pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import Pair, convert, fill, layers, mlp


@pytest.fixture(scope="module")
def design() -> Pair:
    return mlp()


def written(design: Pair, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    write_project(design.model_graph, design.graph, folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_design_gives_the_same_bytes_wherever_it_is_written(design, tmp_path):
    first, second = written(design, tmp_path / "one"), written(mlp(), tmp_path / "two")
    assert first == second


def test_the_project_is_hls4mls_with_a_c_simulation_beside_it(design, tmp_path):
    files = written(design, tmp_path / "hls")
    own = {name for name in files if "/" not in name}
    assert own == {
        "build_lib.sh",
        "build_opt.tcl",
        "build_prj.tcl",
        "csim.cpp",
        "csim.json",
        "design_bridge.cpp",
        "design_test.cpp",
        "hls4ml_config.yml",
        "project.tcl",
        "vivado_synth.tcl",
    }
    assert {"firmware/design.cpp", "firmware/parameters.h", "firmware/weights/w2.txt"} < set(files)
    assert b'"vitis"' in files["project.tcl"]


def test_no_file_names_the_folder_it_was_written_to(design, tmp_path):
    for name, content in written(design, tmp_path / "hls").items():
        assert str(tmp_path).encode() not in content, name


def test_its_settings_are_plain_yaml_without_a_model(design, tmp_path):
    config = yaml.safe_load(written(design, tmp_path / "hls")["hls4ml_config.yml"])
    assert config["OutputDir"] == "."
    assert config["Backend"] == "Vitis"
    assert config["HLSConfig"]["LayerName"]["first"]["Precision"]["result"] == "fixed<10,4,RND,SAT>"
    assert "KerasModel" not in config


def test_writing_says_nothing_and_changes_nothing_else(design, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = design.model_graph.config
    settings = {key: value for key, value in config.config.items() if key != "KerasModel"}
    before = copy.deepcopy(settings)
    model = config.config["KerasModel"]
    traced = (config.trace_output, [layer.get_attr("trace") for layer in design.model_graph.get_layers()])
    written(design, tmp_path / "hls")
    assert Path.cwd() == tmp_path
    assert capfd.readouterr() == ("", "")
    assert {key: value for key, value in config.config.items() if key != "KerasModel"} == before
    assert config.config["KerasModel"] is model
    assert (config.trace_output, [layer.get_attr("trace") for layer in design.model_graph.get_layers()]) == traced
    assert [path.name for path in tmp_path.iterdir()] == ["hls"]


def test_no_archive_is_written_beside_the_folder(tmp_path):
    written(mlp(write_tar=True), tmp_path / "hls")
    assert [path.name for path in tmp_path.iterdir()] == ["hls"]


def test_the_manifest_says_what_the_graph_says(design, tmp_path):
    (tmp_path / "hls").mkdir()
    project = write_project(design.model_graph, design.graph, tmp_path / "hls")
    assert project.manifest == Manifest.load(tmp_path / "hls")
    ports = {port.name: port for port in (*project.manifest.inputs, *project.manifest.layers)}
    assert list(ports) == ["pixels", "first", "relu", "last"]
    for name, port in ports.items():
        assert (port.shape, port.type) == (design.graph[name].shape, design.graph[name].result)
    assert [port.name for port in project.manifest.outputs] == ["last"]


def test_the_graph_of_another_model_is_refused(design, tmp_path):
    nodes = []
    for node in design.graph:
        if isinstance(node, Dense) and node.name == "first":
            weight = node.weight.copy()
            weight[0, 0] ^= 1
            fields = {key: value for key, value in vars(node).items() if key != "weight"}
            node = Dense(**fields, weight=frozen(weight))
        nodes.append(node)
    other = Graph(design.graph.name, tuple(nodes), design.graph.outputs)
    with pytest.raises(GraphError, match="was not read from this ModelGraph"):
        write_project(design.model_graph, other, tmp_path)
    assert not list(tmp_path.iterdir())


def test_another_backend_is_refused(tmp_path):
    design = mlp(backend="Quartus")
    with pytest.raises(
        UnsupportedLayerError, match=r"backend Vitis or Vivado, .* 'Quartus'; convert it with backend='Vitis'"
    ):
        write_project(design.model_graph, design.graph, tmp_path)


def test_a_folder_that_cannot_be_written_is_refused(design, tmp_path):
    (tmp_path / "firmware").write_text("in the way")
    with pytest.raises(OutputError, match=r"cannot write the HLS project into .*; free space or give another --out"):
        write_project(design.model_graph, design.graph, tmp_path)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("b2", "an array of weights"),
        ("layer2_out", "a layer's result"),
        ("config2", "a layer's settings"),
        ("first_weight_t", "a type"),
        ("design", "the top function"),
        ("loaded_weights", "a flag"),
        ("double", "a keyword"),
    ],
)
def test_an_input_that_hides_a_name_of_the_cpp_is_refused(name, what, tmp_path):
    design = mlp(name=name)
    with pytest.raises(UnsupportedLayerError, match=rf"input layer '{name}' has the name of {what} .*'{name}_in'"):
        write_project(design.model_graph, design.graph, tmp_path)


def test_layers_whose_types_would_be_one_type_in_the_cpp_are_refused(tmp_path):
    import keras

    given = layers().Input((8,), name="pixels")
    hidden = layers().Activation("relu", name="head_inv")(layers().Dense(4, name="only")(given))
    model = fill(keras.Model(given, layers().Softmax(name="head")(hidden)), 1)
    design = convert(model, {"head_inv": {"table": "fixed<9,3>"}, "head": {"inv_table": "fixed<17,7>"}})
    message = "layers 'head_inv' and 'head' both have a type that hls4ml's C\\+\\+ calls 'head_inv_table_t'; rename one"
    with pytest.raises(UnsupportedLayerError, match=message):
        write_project(design.model_graph, design.graph, tmp_path)


def test_streams_that_the_cpp_would_read_past_their_end_are_refused(tmp_path):
    import keras

    given = layers().Input((2, 4), name="image")
    hidden = layers().Activation("relu", name="after")(layers().Flatten(name="flat")(given))
    model = fill(keras.Model(given, layers().Dense(3, name="last")(hidden)), 1)
    design = convert(model, {}, io_type="io_stream")
    with pytest.raises(
        UnsupportedLayerError, match="layer 'after' reads a stream of packs of 4 numbers and writes packs of 8"
    ):
        write_project(design.model_graph, design.graph, tmp_path)
    parallel = convert(model, {})
    write_project(parallel.model_graph, parallel.graph, tmp_path)


def test_weights_are_written_as_the_graph_has_them(design, tmp_path):
    files = written(design, tmp_path / "hls")
    node = design.graph["first"]
    assert isinstance(node, Dense)
    text = files["firmware/weights/w2.txt"].decode()
    values = np.array([float(item) for item in text.split(",")])
    assert sorted(values * 2**node.weight_type.fraction) == sorted(node.weight.ravel().tolist())
