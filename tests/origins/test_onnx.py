"""Graphs of what hls4ml makes of ONNX and QONNX graphs, against its compiled C++: `make test-origins` runs this."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign import Graph
from tests.differential.running import compare
from tests.hls.designs import Pair

onnx = pytest.importorskip("onnx", reason="needs ONNX: `make test-origins`")
pytest.importorskip("qonnx", reason="needs qonnx: `make test-origins`")

pytestmark = pytest.mark.tools

SAMPLES = 150
STREAMS = ("io_parallel", "io_stream")
QONNX = "qonnx.custom_op.general"


class Net:
    """An ONNX graph that grows by one operation at a time; values go by the names of their arrays."""

    def __init__(self, seed: int = 5) -> None:
        self.nodes: list[Any] = []
        self.arrays: list[Any] = []
        self.rng = np.random.default_rng(seed)

    def constant(self, value: Any) -> str:
        name = f"c{len(self.arrays)}"
        self.arrays.append(onnx.numpy_helper.from_array(np.asarray(value, dtype=np.float32), name))
        return name

    def integers(self, value: Any) -> str:
        name = f"c{len(self.arrays)}"
        self.arrays.append(onnx.numpy_helper.from_array(np.asarray(value, dtype=np.int64), name))
        return name

    def random(self, *shape: int) -> str:
        return self.constant(self.rng.integers(-60, 61, shape) / 32)

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        output = f"t{len(self.nodes)}"
        self.nodes.append(
            onnx.helper.make_node(kind, inputs, [output], name=f"{kind}{len(self.nodes)}", domain=domain, **attributes)
        )
        return output

    def quant(
        self,
        value: str,
        bits: float,
        scale: Any,
        *,
        zero: float = 0.0,
        signed: bool = True,
        narrow: bool = False,
        rounding: str = "ROUND",
    ) -> str:
        parts = [self.constant(part) for part in (scale, zero, bits)]
        options = {"signed": int(signed), "narrow": int(narrow), "rounding_mode": rounding}
        return self.op("Quant", value, *parts, domain=QONNX, **options)

    def bipolar(self, value: str, scale: float) -> str:
        return self.op("BipolarQuant", value, self.constant(scale), domain=QONNX)

    def model(self, inputs: dict[str, tuple[int, ...]], *outputs: str) -> Any:
        float_ = onnx.TensorProto.FLOAT
        given = [onnx.helper.make_tensor_value_info(name, float_, [1, *shape]) for name, shape in inputs.items()]
        found = [onnx.helper.make_tensor_value_info(name, float_, None) for name in outputs]
        graph = onnx.helper.make_graph(self.nodes, "net", given, found, initializer=self.arrays)
        opsets = [onnx.helper.make_opsetid("", 13), onnx.helper.make_opsetid(QONNX, 1)]
        return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)


def cleaned(model: Any, *, channels_last: bool) -> Any:
    """What hls4ml asks for: shapes, names, no Gemm, and channels last."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.transformation.channels_last import ConvertToChannelsLastAndClean
    from qonnx.transformation.gemm_to_matmul import GemmToMatMul
    from qonnx.util.cleanup import cleanup_model

    found = cleanup_model(ModelWrapper(model))
    if channels_last:
        found = found.transform(ConvertToChannelsLastAndClean())
    return cleanup_model(found.transform(GemmToMatMul())).model


def convert(model: Any, io_type: str, *, channels_last: bool = False, backend: str = "Vitis") -> Any:
    import hls4ml

    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ready = cleaned(model, channels_last=channels_last)
        config = hls4ml.utils.config_from_onnx_model(
            ready, granularity="name", backend=backend, default_precision="fixed<16,6>"
        )
        return hls4ml.converters.convert_from_onnx_model(
            ready, hls_config=config, backend=backend, io_type=io_type, output_dir="unused", project_name="design"
        )


def equal(place: Path, model: Any, io_type: str = "io_parallel", **options: Any) -> Graph:
    """Assert that a model's Graph equals hls4ml's C++, layer by layer, after it was saved and loaded."""
    made = convert(model, io_type, **options)
    graph = Graph.from_hls4ml(made)
    graph.save(place)
    compare(Pair(made, Graph.load(place)), place, SAMPLES)
    return graph


@pytest.mark.parametrize("io_type", STREAMS)
@pytest.mark.parametrize("scale", [0.125, 0.1], ids=["power of two", "any scale"])
def test_dense_layers_with_quantizers(scale: float, io_type: str, tmp_path: Path) -> None:
    net = Net()
    value = net.quant("x", 8, scale / 4)
    for bits, relu, narrow, rounding in (
        (2, True, True, "ROUND"),
        (4, False, False, "FLOOR"),
        (6, True, True, "ROUND"),
    ):
        value = net.op("MatMul", value, net.quant(net.random(6, 6), bits, scale, narrow=narrow))
        value = net.op("Add", value, net.quant(net.random(6), 8, 0.03125))
        if relu:
            value = net.op("Relu", value)
        value = net.quant(value, bits + 1, scale / 2, signed=not relu, rounding=rounding)
    equal(tmp_path, net.model({"x": (6,)}, value), io_type)


@pytest.mark.parametrize("io_type", STREAMS)
def test_zero_points(io_type: str, tmp_path: Path) -> None:
    net = Net()
    value = net.quant("x", 8, 0.0625)
    value = net.op("MatMul", value, net.quant(net.random(6, 4), 4, 0.25, zero=1.0))
    value = net.quant(net.op("Relu", value), 5, 0.3, signed=False)
    value = net.op("MatMul", value, net.random(4, 4))
    equal(tmp_path, net.model({"x": (6,)}, net.quant(value, 7, 0.11, zero=3.0)), io_type)


@pytest.mark.parametrize("io_type", STREAMS)
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.3])
def test_signs(scale: float, io_type: str, tmp_path: Path) -> None:
    net = Net()
    value = net.bipolar(net.op("MatMul", net.quant("x", 6, 0.25), net.bipolar(net.random(6, 5), scale)), scale)
    value = net.op("MatMul", value, net.bipolar(net.random(5, 4), scale))
    equal(tmp_path, net.model({"x": (6,)}, value), io_type)


@pytest.mark.parametrize("io_type", STREAMS)
def test_norms_and_functions(io_type: str, tmp_path: Path) -> None:
    net = Net()
    statistics = [net.random(6), net.random(6), net.random(6), net.constant(net.rng.integers(16, 60, 6) / 32)]
    norm = net.op("BatchNormalization", net.op("MatMul", "x", net.random(5, 6)), *statistics, epsilon=1e-3)
    outputs = [net.op(kind, norm) for kind in ("Tanh", "Sigmoid", "Selu", "Softsign", "Softplus", "Relu")]
    norm = net.op("MatMul", "y", net.random(5, 6))
    outputs += [net.op(kind, norm, alpha=0.4) for kind in ("LeakyRelu", "Elu", "ThresholdedRelu")]
    outputs.append(net.op("Softmax", norm, axis=1))
    equal(tmp_path, net.model({"x": (5,), "y": (5,)}, *outputs), io_type)


@pytest.mark.parametrize("io_type", STREAMS)
def test_sums_products_extremes_and_joins(io_type: str, tmp_path: Path) -> None:
    net = Net()
    left, right = net.op("MatMul", "x", net.random(5, 6)), net.op("MatMul", "y", net.random(4, 6))
    found = [net.op(kind, left, right) for kind in ("Add", "Sub", "Mul", "Max", "Min")]
    scaled = net.op("Div", net.op("Mul", found[0], net.constant(0.75)), net.constant(3.0))
    joined = net.op("Concat", net.op("Add", scaled, net.random(6)), found[1], axis=1)
    equal(tmp_path, net.model({"x": (5,), "y": (4,)}, joined, *found[2:]), io_type)


@pytest.mark.parametrize("io_type", STREAMS)
def test_a_residual_with_one_scale(io_type: str, tmp_path: Path) -> None:
    net = Net()
    given = net.quant("x", 6, 0.1)
    inner = net.op("Relu", net.op("MatMul", given, net.quant(net.random(6, 6), 4, 0.2)))
    value = net.op("Add", net.quant(inner, 6, 0.1), given)
    equal(tmp_path, net.model({"x": (6,)}, net.op("MatMul", value, net.quant(net.random(6, 3), 3, 0.25))), io_type)


@pytest.mark.parametrize("io_type", STREAMS)
@pytest.mark.parametrize(
    ("scale", "of_filters"),
    [(0.125, [0.125]), (0.1, [0.15]), (0.125, [0.1, 0.2, 0.15, 0.05])],
    ids=["powers of two", "any scales", "one a filter"],
)
def test_images(scale: float, of_filters: list[float], io_type: str, tmp_path: Path) -> None:
    net = Net()
    per_filter = of_filters[0] if len(of_filters) == 1 else np.reshape(of_filters, (4, 1, 1, 1))
    options = {"dilations": [1, 1], "group": 1, "strides": [1, 1]}
    value = net.quant("x", 8, scale / 4)
    weights = net.quant(net.random(4, 2, 3, 3), 4, per_filter)
    value = net.op("Conv", value, weights, kernel_shape=[3, 3], pads=[1, 1, 1, 1], **options)
    statistics = [net.random(4), net.random(4), net.random(4), net.constant(net.rng.integers(16, 60, 4) / 32)]
    value = net.op("Relu", net.op("BatchNormalization", value, *statistics))
    value = net.quant(value, 5, scale, signed=False)
    value = net.op("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0])
    value = net.op("Conv", value, net.random(3, 4, 2, 2), net.random(3), kernel_shape=[2, 2], pads=[0] * 4, **options)
    value = net.op("Flatten", value)
    equal(
        tmp_path, net.model({"x": (2, 6, 8)}, net.op("MatMul", value, net.random(18, 4))), io_type, channels_last=True
    )


@pytest.mark.parametrize("io_type", STREAMS)
def test_depthwise_images(io_type: str, tmp_path: Path) -> None:
    net = Net()
    options = {"dilations": [1, 1], "strides": [1, 1], "pads": [0, 0, 0, 0]}
    weights = net.quant(net.random(3, 1, 2, 2), 4, 0.125)
    value = net.op("Conv", net.quant("x", 7, 0.0625), weights, group=3, kernel_shape=[2, 2], **options)
    value = net.op("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0])
    equal(tmp_path, net.model({"x": (3, 5, 7)}, value), io_type, channels_last=True)


@pytest.mark.parametrize("io_type", STREAMS)
def test_sequences(io_type: str, tmp_path: Path) -> None:
    net = Net()
    options = {"dilations": [1], "group": 1, "strides": [1]}
    weights = net.quant(net.random(4, 3, 3), 4, 0.125)
    value = net.op("Conv", "x", weights, net.random(4), kernel_shape=[3], pads=[1, 1], **options)
    value = net.op("Flatten", net.op("Relu", value))
    equal(tmp_path, net.model({"x": (3, 8)}, net.op("MatMul", value, net.random(32, 3))), io_type, channels_last=True)


def test_numbers_reshaped(tmp_path: Path) -> None:
    net = Net()
    value = net.op("Reshape", net.op("MatMul", "x", net.random(6, 8)), net.integers([1, 2, 4]))
    value = net.op("Relu", net.op("Transpose", value, perm=[0, 2, 1]))
    equal(tmp_path, net.model({"x": (6,)}, value))


def test_images_resized(tmp_path: Path) -> None:
    net = Net()
    value = net.op("Resize", "x", net.constant([]), net.constant([1, 2, 2, 1]), mode="nearest")
    equal(tmp_path, net.model({"x": (4, 4, 3)}, net.op("Relu", value)))


def test_images_padded_channels_first(tmp_path: Path) -> None:
    net = Net()
    value = net.op("Pad", "x", net.integers([0, 0, 1, 2, 0, 0, 0, 1]))
    equal(tmp_path, net.model({"x": (2, 4, 5)}, net.op("Relu", value)))


def without_rank_changes(model: Any) -> Any:
    """A graph whose Unsqueeze and Squeeze around batch normalizations, which hls4ml does not read, are left out."""
    graph = model.graph
    renamed = {node.output[0]: node.input[0] for node in graph.node if node.op_type in ("Squeeze", "Unsqueeze")}
    for node in [node for node in graph.node if node.output[0] in renamed]:
        graph.node.remove(node)
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
    used = {name for node in graph.node for name in node.input}
    for spare in [item for item in graph.input if item.name not in used]:
        graph.input.remove(spare)
    return model


@pytest.mark.parametrize("io_type", STREAMS)
@pytest.mark.parametrize("name", ["three_layer_keras", "conv2d_small_keras", "three_layer_bn_pytorch"])
def test_files_that_others_exported(name: str, io_type: str, example_models: Path, tmp_path: Path) -> None:
    model = onnx.load(example_models / f"{name}.onnx")
    equal(tmp_path, without_rank_changes(model), io_type, channels_last=name.startswith("conv"))
