"""hls4ml's pooling: the compiled C++ against the simulator."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Overflow, Pooling, Rounding
from codesign.graph.reading import read_model_graph
from codesign.hls import run_csim
from codesign.simulate import execute

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import Pair, convert, full_range, layers  # noqa: E402
from tests.hls.test_csim import check, write  # noqa: E402

pytestmark = pytest.mark.tools

OVERFLOWS = (Overflow.WRAP, Overflow.SAT, Overflow.SAT_ZERO, Overflow.SAT_SYM)  # hls4ml has no WRAP_SM
MODES = [f"{rounding.value},{overflow.value}" for rounding, overflow in itertools.product(Rounding, OVERFLOWS)]


def pooled(cases: dict[str, tuple[Any, ...]], **options: Any) -> Pair:
    """Pooling layers side by side: by name (class, its arguments, shape, input's type, types, settings)."""
    given, outputs, types, settings = [], [], {}, {}
    for name, (kind, arguments, shape, source, own, extra) in cases.items():
        given.append(layers().Input(shape, name=f"x_{name}"))
        outputs.append(getattr(layers(), kind)(name=name, **arguments)(given[-1]))
        types[f"x_{name}"], types[name], settings[name] = {"result": source}, own, extra
    return convert(keras.Model(given, outputs), types, settings=settings, **options)


def equal(design: Pair, place, samples: int = 400) -> None:
    """Every pooling layer of the C++ gives the simulator's integers."""
    made = write(design, place)
    inputs = full_range(made.graph, samples, 3)
    names = {node.name for node in made.graph if isinstance(node, Pooling)}
    check(made.graph, run_csim(made.folder, inputs, made.work, trace=True), inputs, names)


def modes(kind: str, arguments: dict[str, Any], shape: tuple[int, ...]) -> dict[str, tuple[Any, ...]]:
    """One layer for each pair of modes, in accumulator and result both: sums leave both types' ranges and grids."""
    found = {}
    for index, mode in enumerate(MODES):
        other = MODES[(index * 11 + 5) % len(MODES)]
        types = {
            "accum": f"{'u' * (index % 5 == 3)}fixed<{5 + index % 6},{2 + index % 4},{mode}>",
            "result": f"{'u' * (index % 7 == 3)}fixed<{4 + index % 5},{2 + index % 3},{other}>",
        }
        source = ("fixed<7,3>", "ufixed<6,3>", "fixed<6,3,TRN,SAT_SYM>")[index % 3]
        found[f"m{index}"] = (kind, arguments, shape, source, types, {})
    return found


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_every_mode_of_accumulator_and_result(tmp_path, io_type):
    windows = modes("AveragePooling1D", {"pool_size": 3}, (6, 1))
    cases = {f"g{name}": ("GlobalAveragePooling1D", {}, *rest) for name, (_, _, *rest) in windows.items()}
    largest = modes("MaxPooling1D", {"pool_size": 2}, (4, 1))
    chosen = {f"l{name}": case for index, (name, case) in enumerate(largest.items()) if index % 5 == 0}
    equal(pooled({**windows, **cases, **chosen}, io_type=io_type), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize("kind", ["AveragePooling2D", "MaxPooling2D"])
def test_every_mode_in_2d(tmp_path, io_type, kind):
    windows = modes(kind, {"pool_size": (2, 3)}, (4, 7, 2))
    cases = {f"g{name}": (f"Global{kind}", {}, *rest) for name, (_, _, *rest) in windows.items()}
    equal(pooled({**windows, **cases}, io_type=io_type), tmp_path)


WIDE = {"accum": "fixed<14,8>", "result": "fixed<12,7,RND>"}


def geometries(padding: str, count: bool, source: str) -> dict[str, tuple[Any, ...]]:
    found = {}
    extra = {"CountPad": True} if count else {}
    lines = [(5, 2, 2), (5, 3, 1), (7, 2, 3), (6, 1, 2), (4, 4, 4), (5, 4, 3), (8, 5, 2), (3, 3, 5)]
    images = [((5, 6), (2, 2), (2, 2)), ((4, 5), (3, 2), (1, 2)), ((5, 5), (1, 1), (2, 2)), ((3, 7), (3, 4), (2, 5))]
    for kind in ("Max", "Average"):
        for length, pool, stride in lines:
            arguments = {"pool_size": pool, "strides": stride, "padding": padding}
            name = f"{kind}_{length}_{pool}_{stride}".lower()
            found[name] = (f"{kind}Pooling1D", arguments, (length, 3), source, WIDE, extra)
        for shape, pool, stride in images:
            arguments = {"pool_size": pool, "strides": stride, "padding": padding}
            name = f"{kind}_{shape}_{pool}_{stride}".lower()
            name = "".join(letter if letter.isalnum() else "_" for letter in name)
            found[name] = (f"{kind}Pooling2D", arguments, (*shape, 2), source, WIDE, extra)
    return found


@pytest.mark.parametrize("source", ["fixed<8,4>", "ufixed<7,4>"])
def test_windows_strides_and_padding(tmp_path, source):
    """Padding is the most negative number of a signed type, but half of the range of an unsigned one (a bug)."""
    cases = {}
    for padding, count in (("valid", False), ("same", False), ("same", True)):
        tag = f"{padding}{'c' * count}"
        cases |= {f"{tag}_{name}": case for name, case in geometries(padding, count, source).items()}
    equal(pooled(cases), tmp_path)


def streams(source: str, implementation: str) -> dict[str, tuple[Any, ...]]:
    """What hls4ml's streaming C++ can do: no padding, and but for lines in a line buffer, strides of a window."""
    found = {}
    lines = [(5, 2, 2), (7, 3, 3), (4, 4, 4), (6, 1, 1)]
    if implementation == "LineBuffer":
        lines += [(7, 3, 1), (7, 2, 3), (6, 1, 2), (8, 5, 2), (9, 2, 5)]
    images = [
        ((4, 6), (2, 2)),
        ((5, 7), (2, 3)),
        ((3, 5), (1, 2)),
        ((5, 3), (2, 1)),
        ((4, 4), (4, 4)),
        ((3, 3), (1, 1)),
    ]
    settings = {"ConvImplementation": implementation}
    for kind in ("Max", "Average"):
        for length, pool, stride in lines:
            name = f"{kind}_{length}_{pool}_{stride}".lower()
            arguments = {"pool_size": pool, "strides": stride}
            found[name] = (f"{kind}Pooling1D", arguments, (length, 3), source, WIDE, settings)
        for (height, width), pool in images:
            name = f"{kind}_{height}_{width}_{pool[0]}_{pool[1]}".lower()
            found[name] = (f"{kind}Pooling2D", {"pool_size": pool}, (height, width, 2), source, WIDE, settings)
        found[f"{kind}_same".lower()] = (
            f"{kind}Pooling2D",
            {"pool_size": 2, "padding": "same"},
            (4, 6, 2),
            source,
            WIDE,
            settings,
        )
        found[f"{kind}_all".lower()] = (f"Global{kind}Pooling2D", {}, (3, 5, 2), source, WIDE, {})
        found[f"{kind}_kept".lower()] = (f"Global{kind}Pooling2D", {"keepdims": True}, (3, 5, 2), source, WIDE, {})
    return found


@pytest.mark.parametrize(
    ("backend", "implementation", "source"),
    [
        ("Vitis", "LineBuffer", "fixed<8,4>"),
        ("Vivado", "LineBuffer", "ufixed<8,3>"),
        ("Vivado", "Encoded", "fixed<8,4>"),
    ],
)
def test_streams(tmp_path, backend, implementation, source):
    equal(pooled(streams(source, implementation), io_type="io_stream", backend=backend), tmp_path)


def test_channels_first(tmp_path):
    """The mean over the window and its padding, scaled up by what of it is padding, in the input's narrow type."""
    cases = {}
    for index, mode in enumerate(MODES):
        source = f"{'u' * (index % 4 == 2)}fixed<{6 + index % 5},{3 + index % 3},{mode}>"
        types = {"accum": f"fixed<{8 + index % 6},{4 + index % 3},{MODES[(index * 3 + 1) % len(MODES)]}>"}
        types["result"] = f"fixed<{6 + index % 5},{3 + index % 4},{MODES[(index * 5 + 2) % len(MODES)]}>"
        size, window = (((5, 5), (2, 2)), ((4, 7), (3, 2)), ((4, 4), (2, 2)), ((5, 3), (1, 2)))[index % 4]
        arguments = {"pool_size": window, "padding": ("same", "valid")[index % 3 == 2], "data_format": "channels_first"}
        kind = ("AveragePooling2D", "AveragePooling2D", "MaxPooling2D")[index // 4 % 3]
        cases[f"c{index}"] = (kind, arguments, (2, *size), source, types, {"CountPad": True} if index % 5 == 0 else {})
    equal(pooled(cases), tmp_path)


def test_wide_types(tmp_path):
    """Sums beyond 64 bits."""
    cases = {}
    for kind in ("AveragePooling1D", "MaxPooling1D", "GlobalAveragePooling1D", "GlobalMaxPooling1D"):
        arguments = {} if kind.startswith("Global") else {"pool_size": 3, "padding": "same"}
        types = {"accum": "fixed<70,30,RND,SAT>", "result": "fixed<48,30>"}
        cases[kind.lower()] = (kind, arguments, (7, 2), "fixed<66,30>", types, {})
    equal(pooled(cases), tmp_path)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_integer_types(tmp_path, io_type):
    """An `ap_int` below 32 bits is divided by an `unsigned` as if it were one itself (a bug)."""
    cases = {}
    for index, (source, accumulator, result) in enumerate(
        [
            ("int<7>", "int<9>", "int<6>"),
            ("uint<5>", "uint<7>", "fixed<8,6,RND,SAT>"),
            ("fixed<8,4>", "int<9>", "int<7>"),
            ("uint<1>", "fixed<8,3>", "fixed<8,3>"),
            ("int<5>", "fixed<12,8>", "fixed<9,5>"),
            ("int<12>", "int<31>", "int<31>"),
            ("fixed<12,8,RND,SAT>", "int<32>", "fixed<36,33>"),
            ("int<12>", "int<40>", "int<40>"),
            ("int<9>", "uint<6>", "int<9>"),
        ]
    ):
        types = {"accum": accumulator, "result": result}
        for kind in ("AveragePooling1D", "MaxPooling1D", "GlobalAveragePooling1D", "GlobalMaxPooling1D"):
            padding = "same" if io_type == "io_parallel" else "valid"
            arguments = {} if kind.startswith("Global") else {"pool_size": 3, "padding": padding}
            cases[f"{kind}{index}".lower()] = (kind, arguments, (7, 2), source, types, {})
    equal(pooled(cases, io_type=io_type), tmp_path)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_xnor_pooling(tmp_path, io_type):
    """Bits stand for minus one and one; the largest is the right one, the mean is one of zeros and ones (a bug)."""
    from hls4ml.backends.fpga.fpga_types import APTypeConverter
    from hls4ml.model.optimizer import get_optimizer
    from hls4ml.model.types import XnorPrecisionType

    types = {"accum": "fixed<10,5>", "result": "fixed<10,5>"}
    cases = {
        kind.lower(): (kind, {"pool_size": 3} if "Global" not in kind else {}, (6, 2), "uint<1>", types, {})
        for kind in ("MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling1D")
    }
    model_graph = pooled(cases, io_type=io_type).model_graph
    for name in cases:
        layer = model_graph.graph[name]
        layer.get_input_variable().type.precision = APTypeConverter().convert(XnorPrecisionType())
        rule = get_optimizer("vivado:xnor_pooling")
        if rule.match(layer):
            rule.transform(model_graph, layer)
            precision = layer.get_output_variable().type.precision
            layer.get_output_variable().type.precision = APTypeConverter().convert(precision)
    graph = read_model_graph(model_graph)
    assert [graph[name].result.width for name in cases] == [1, 10, 1, 10]
    equal(Pair(model_graph, graph), tmp_path)


REFUSED = [
    # A window of 1 with a stride of 2: right is every other number; hls4ml's C++ stops (hls4ml#995, #1323).
    (
        "AveragePooling2D",
        {"pool_size": 1, "strides": 2},
        {},
        r"windows of \(1, 1\) with strides of \(2, 2\), which stops",
    ),
    # An odd image padded on its right: right is to leave the padding out; hls4ml's C++ stops.
    (
        "MaxPooling2D",
        {"pool_size": 2, "padding": "same"},
        {},
        "pads its windows, which stops hls4ml's C.*io_stream",
    ),
    ("MaxPooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, {}, "pads its windows"),
    ("AveragePooling1D", {"pool_size": 2}, {"ConvImplementation": "Encoded"}, "'encoded'; .*for Vitis as linebuffer"),
    ("MaxPooling2D", {"pool_size": 1, "data_format": "channels_first"}, {}, "channels_first, .*no C.* with io_stream"),
]


@pytest.mark.parametrize(("kind", "arguments", "settings", "message"), REFUSED)
def test_streams_that_stop_the_cpp_are_refused_by_name(kind, arguments, settings, message):
    shape = (5, 2) if kind.endswith("1D") else (5, 5, 2)
    with pytest.raises(UnsupportedLayerError, match=f"layer 'pool'.*{message}"):
        pooled({"pool": (kind, arguments, shape, "fixed<8,4>", {}, settings)}, io_type="io_stream")


def test_encoded_lines_need_strides_of_a_window():
    case = ("MaxPooling1D", {"pool_size": 3, "strides": 1}, (5, 2), "fixed<8,4>", {}, {"ConvImplementation": "Encoded"})
    with pytest.raises(UnsupportedLayerError, match=r"windows of \(3,\) with strides of \(1,\), which stops"):
        pooled({"pool": case}, io_type="io_stream", backend="Vivado")


@pytest.mark.parametrize(
    ("kind", "arguments", "source", "message"),
    [
        ("GlobalMaxPooling2D", {}, "fixed<8,4>", "no C.* with io_parallel; use channels_last"),
        ("MaxPooling2D", {"pool_size": 2, "strides": 1}, "fixed<8,4>", "fills windows of a stride's size"),
        ("AveragePooling2D", {"pool_size": 2}, "int<8>", "channels_first means of int<8> into .*integer types"),
    ],
)
def test_channels_first_without_cpp_is_refused_by_name(kind, arguments, source, message):
    case = (kind, {**arguments, "data_format": "channels_first"}, (2, 4, 4), source, {}, {})
    with pytest.raises(UnsupportedLayerError, match=f"layer 'pool'.*{message}"):
        pooled({"pool": case})


def test_the_known_troubles_are_right_with_io_parallel(tmp_path):
    """What is refused of streams, as arrays: every other number, and padding left out."""
    wide = {"accum": "fixed<8,4>", "result": "fixed<8,4>"}
    cases = {
        "every_other": ("AveragePooling2D", {"pool_size": 1, "strides": 2}, (5, 5, 2), "fixed<8,4>", wide, {}),
        "odd_edge": ("MaxPooling2D", {"pool_size": 2, "padding": "same"}, (5, 5, 2), "fixed<8,4>", wide, {}),
    }
    design = pooled(cases)
    equal(design, tmp_path)
    inputs = full_range(design.graph, 50, 4)
    results = execute(design.graph, inputs)
    assert np.array_equal(results["every_other"], inputs["x_every_other"][:, ::2, ::2])
    edge = np.pad(inputs["x_odd_edge"], ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=-128)
    assert np.array_equal(results["odd_edge"], edge.reshape(50, 3, 2, 3, 2, 2).max(axis=(2, 4)))
