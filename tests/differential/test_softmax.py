"""hls4ml's softmax: the compiled C++ against the simulator, every implementation over every axis."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Overflow, Rounding, Softmax, SoftmaxImplementation
from codesign.hls import run_csim

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import convert, full_range, layers  # noqa: E402
from tests.hls.test_csim import check, write  # noqa: E402

pytestmark = pytest.mark.tools

SAMPLES = 600
OVERFLOWS = (Overflow.WRAP, Overflow.SAT, Overflow.SAT_ZERO, Overflow.SAT_SYM)  # hls4ml has no WRAP_SM
MODES = list(itertools.product(Rounding, OVERFLOWS))


class Branches:
    """One model of many softmax layers, each behind a port of its own."""

    def __init__(self) -> None:
        self.given: list[Any] = []
        self.outputs: list[Any] = []
        self.types: dict[str, dict[str, str]] = {}
        self.settings: dict[str, dict[str, Any]] = {}

    def add(self, name: str, layer: Any, shape: tuple[int, ...], source: str, types: Any = (), **settings: Any) -> None:
        """`types` by hls4ml's keys, `settings` as hls4ml's config has them.

        Of the precisions of a softmax hls4ml 1.3.0 takes result and accum alone; the others pass as settings.
        """
        taken = {key: type_ for key, type_ in dict(types).items() if key in ("result", "accum")}
        settings.update({f"{key}_t": type_ for key, type_ in dict(types).items() if key not in taken})
        self.given.append(layers().Input(shape, name=f"x_{name}"))
        self.outputs.append(layer(self.given[-1]))
        self.types[f"x_{name}"] = {"result": source}
        self.types[name] = taken
        self.settings[name] = settings

    def verify(self, place: Any, io_type: str, seed: int) -> Any:
        model = keras.Model(self.given, self.outputs)
        made = write(convert(model, self.types, settings=self.settings, io_type=io_type), place)
        inputs = full_range(made.graph, SAMPLES, seed)
        check(made.graph, run_csim(made.folder, inputs, made.work, trace=True), inputs, set(self.settings))
        return made.graph


def softmax(name: str, axis: int = -1) -> Any:
    return layers().Softmax(axis=axis, name=name)


def modes(index: int) -> str:
    rounding, overflow = MODES[index % len(MODES)]
    return f"{rounding.value},{overflow.value}"


QUICK = (("stable", "io_parallel", 0), ("latency", "io_stream", 1))
ALL = [
    pytest.param(*case, marks=[] if case in QUICK else [pytest.mark.slow])
    for case in itertools.product(("stable", "latency"), ("io_parallel", "io_stream"), range(4))
]


@pytest.mark.parametrize(("implementation", "io_type", "first"), ALL)
def test_every_mode_of_every_internal_type(tmp_path, implementation, io_type, first):
    """One branch a pair of modes in the result; the other types have other pairs, grids and signs."""
    model = Branches()
    for index in range(first, len(MODES), 4):
        a, b, c, d = (modes(index * step + step) for step in (3, 5, 9, 11))
        types = {
            "exp_table": f"{'u' * (index % 2)}fixed<{9 + index % 7},{2 + index % 4},{a}>",
            "inv_table": f"{'u' * (index % 3 == 0)}fixed<{8 + index % 5},{1 + index % 3},{b}>",
            "accum": f"fixed<{9 + index % 8},{3 + index % 5},{c}>",
            "inv_inp": f"{'u' * (index % 5 < 2)}fixed<{8 + index % 6},{3 + index % 4},{d}>",
            "result": f"{'u' * (index % 4 == 1)}fixed<{6 + index % 7},{1 + index % 3},{modes(index)}>",
        }
        source = f"{'u' * (index % 6 == 5)}fixed<{7 + index % 4},{2 + index % 5}>"
        name = f"s{index}"
        settings = {"implementation": implementation, "table_size": 32 << index % 4}
        model.add(name, softmax(name), (2 + index % 6,), source, types, **settings)
    graph = model.verify(tmp_path, io_type, 1)
    assert {node.implementation.value for node in graph if isinstance(node, Softmax)} == {implementation}


SOURCES = ("fixed<8,4>", "fixed<16,6>", "ufixed<9,5>", "fixed<34,30>", "fixed<12,2>", "fixed<10,12>")


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_legacy_and_argmax(tmp_path, io_type):
    """Indices below and beyond the tables, in range by a hair, and beyond 32 bits; tables of any size."""
    model = Branches()
    for index, result in enumerate(modes(3 * k) for k in range(6)):
        for implementation in ("legacy", "argmax"):
            name = f"{implementation}{index}"
            source = SOURCES[index]
            types = {"result": f"{'u' * (index % 3 == 1)}fixed<{4 + index},{1 + index % 3},{result}>"}
            types["table"] = "fixed<10,4>"  # which the C++ of a softmax does not look at
            size = (1024, 100, 4096, 7)[index % 4]
            settings = {"implementation": implementation, "table_size": size}
            model.add(name, softmax(name), (1 + index % 5,), source, types, **settings)
    model.verify(tmp_path, io_type, 2)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_slices_of_tensors(tmp_path, io_type):
    """Over any axis; a softmax that is an Activation is taken over all numbers, but streamed over the last axis."""
    model = Branches()
    types = {"result": "fixed<12,2,RND,SAT>"}
    source = "fixed<11,4>"
    axes = [(2, -1), (3, -1)] if io_type == "io_stream" else [(2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (3, -2)]
    for implementation, (rank, axis) in itertools.product(SoftmaxImplementation, axes):
        name = f"{implementation.value}{rank}{axis}".replace("-", "m")
        settings = {"implementation": implementation.value}
        model.add(name, softmax(name, axis), (2, 3, 4)[-rank:], source, types, **settings)
    for implementation in SoftmaxImplementation:
        name = f"whole_{implementation.value}"
        whole = layers().Activation("softmax", name=name)
        model.add(name, whole, (3, 4), source, types, implementation=implementation.value)
    graph = model.verify(tmp_path, io_type, 3)
    assert graph["whole_stable"].slice_length == (4 if io_type == "io_stream" else 12)


def test_edges(tmp_path):
    """Default settings, one number, many numbers, tables cut down to a narrow input, wide inputs, two entries."""
    model = Branches()
    for implementation in ("stable", "latency"):
        cases = {
            "default": ("fixed<16,6>", 5, {}, {}),
            "one": ("fixed<16,6>", 1, {}, {}),
            "many": ("fixed<16,6>", 37, {}, {}),
            "narrow": ("fixed<4,2>", 4, {}, {}),
            "bits": ("fixed<2,1>", 4, {}, {}),
            "counts": ("uint<6>", 4, {}, {}),
            "whole": ("int<9>", 4, {}, {}),
            "fine": ("fixed<12,-3>", 4, {}, {}),
            "coarse": ("fixed<12,16>", 4, {}, {}),
            "wide": ("fixed<70,20>", 4, {}, {}),
            "two": ("fixed<12,4>", 4, {}, {"table_size": 2}),
            "big": ("fixed<18,8>", 4, {"inv_inp": "ufixed<18,5>"}, {"table_size": 1 << 15}),
            "split": ("fixed<12,4>", 4, {}, {"exp_table_size": 256, "inv_table_size": 64}),
            "narrow_inverse": ("fixed<12,4>", 4, {"inv_table": "fixed<6,2>"}, {}),
            "wide_inside": ("fixed<12,4>", 4, {"exp_table": "fixed<40,12>", "accum": "fixed<70,30>"}, {}),
        }
        for case, (source, n, types, settings) in cases.items():
            name = f"{implementation}_{case}"
            model.add(name, softmax(name), (n,), source, types, implementation=implementation, **settings)
    model.verify(tmp_path, "io_parallel", 4)


def test_settings_that_only_hgq_models_bring(tmp_path):
    """A norm type of its own, a scaled exponential, tables of their own sizes, and slices of several axes."""
    model = Branches()
    for index, implementation in enumerate(("stable", "latency", "stable", "latency")):
        types = {
            "inp_norm": f"ufixed<7,{2 + index},RND,SAT>",
            "exp_table": f"ufixed<10,{2 + index // 2},RND,SAT>",
            "inv_table": "ufixed<9,1,RND,SAT>",
            "inv_inp": "ufixed<8,4,RND,SAT>",
            "accum": "ufixed<14,6>",
            "result": "fixed<12,2>",
        }
        settings = {
            "implementation": implementation,
            "exp_scale": (0.37, 0.125, 1.7, 1.0)[index],
            "exp_table_size": 128,
            "inv_table_size": 256,
            "n_outer": (2, 2, 1, 4)[index],
            "n_inner": (1, 4, 2, 2)[index],
        }
        name = f"hgq{index}"
        model.add(name, layers().Activation("softmax", name=name), (2, 3, 4), "fixed<7,3>", types, **settings)
    graph = model.verify(tmp_path, "io_parallel", 5)
    assert [node.slice_length for node in graph if isinstance(node, Softmax)] == [12, 3, 12, 3]


REFUSED = [
    (1, "io_stream", "fixed<8,3>", {}, {}, r"layer 's1': softmax over axis 1 in io_stream, which .* write axis=-1"),
    (
        2,
        "io_parallel",
        "fixed<8,3>",
        {},
        {"table_size": 100},
        r"of 100 entries for the exponential.*power of two",
    ),
    (
        2,
        "io_parallel",
        "fixed<8,3>",
        {"inv_inp": "fixed<5,3>"},
        {},
        r"for the inverse, .* of fixed<5,3>.* to 32",
    ),
    (2, "io_parallel", "fixed<1,1>", {}, {}, r"softmax of fixed<1,1>, for which hls4ml writes an ap_ufixed of no bits"),
]


@pytest.mark.parametrize(("axis", "io_type", "source", "types", "settings", "said"), REFUSED)
def test_what_the_cpp_cannot_is_refused(axis, io_type, source, types, settings, said):
    model = Branches()
    model.add("s1", softmax("s1", axis), (3, 4), source, types, **settings)
    with pytest.raises(UnsupportedLayerError, match=said):
        convert(keras.Model(model.given, model.outputs), model.types, settings=model.settings, io_type=io_type)
