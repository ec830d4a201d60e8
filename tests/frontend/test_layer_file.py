"""Strategies and reuse factors of single layers, from a YAML file into the Graph."""

from __future__ import annotations

import pytest

from codesign.errors import LayerConfigError
from codesign.frontend.layer_file import read_layers
from codesign.frontend.options import ConvertOptions, LayerOptions, Strategy
from tests.frontend.models import mlp

TEXT = "layers: {fc1: {strategy: resource, reuse_factor: 4}, fc2: {reuse_factor: 2}}"
READ = {"fc1": LayerOptions(Strategy.RESOURCE, 4), "fc2": LayerOptions(None, 2)}


def test_what_is_stated_is_read(tmp_path):
    path = tmp_path / "layers.yml"
    path.write_text(TEXT)
    assert read_layers(path) == READ


BAD = {
    "another key": ("layer: {}", "must hold exactly one key, layers"),
    "a list": ("layers: [fc1]", "must map layer names to their options"),
    "nothing": ("layers: {fc1: {}}", r"layers\.fc1 must hold strategy, reuse_factor or both"),
    "an unknown option": ("layers: {fc1: {pragma: 3}}", r"layers\.fc1 must hold strategy, reuse_factor or both"),
    "a strategy": ("layers: {fc1: {strategy: fast}}", r"fc1\.strategy is 'fast'; choose one of latency, resource"),
    "zero": ("layers: {fc1: {reuse_factor: 0}}", r"fc1\.reuse_factor is 0; give a whole number from 1 to 65536"),
    "a truth": ("layers: {fc1: {reuse_factor: yes}}", "reuse_factor is True; give a whole number"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_anything_else_is_refused(tmp_path, text, message):
    path = tmp_path / "layers.yml"
    path.write_text(text)
    with pytest.raises(LayerConfigError, match=message):
        read_layers(path)


def test_layers_are_built_as_stated():
    from codesign.frontend.convert import convert

    graph = convert(mlp(), ConvertOptions(layers={"fc1": LayerOptions(Strategy.RESOURCE, 4)})).graph
    found = {node.source: (node.strategy, node.reuse_factor) for node in graph if hasattr(node, "reuse_factor")}
    assert found.pop("fc1") == ("resource", 4)
    assert set(found.values()) == {("latency", 1)}


def test_a_layer_that_is_not_there():
    from codesign.frontend.convert import convert

    with pytest.raises(LayerConfigError, match=r"names 'nobody', which is no layer with weights; .* has fc1, fc2"):
        convert(mlp(), ConvertOptions(layers={"nobody": LayerOptions(None, 4)}))
