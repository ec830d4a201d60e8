"""hls4ml's layer normalization: the compiled C++ against the simulator."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Overflow, Rounding
from codesign.hls import run_csim

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import convert, full_range, layers  # noqa: E402
from tests.hls.test_csim import check, write  # noqa: E402

pytestmark = pytest.mark.tools

OVERFLOWS = (Overflow.WRAP, Overflow.SAT, Overflow.SAT_ZERO, Overflow.SAT_SYM)  # hls4ml has no WRAP_SM
MODES = [f"{rounding.value},{overflow.value}" for rounding, overflow in itertools.product(Rounding, OVERFLOWS)]


def normalized(cases, place, **options):
    """Layer normalizations side by side: by name (shape, epsilon, input's type, types, settings)."""
    given, outputs, types, settings = [], [], {}, {}
    rng = np.random.default_rng(9)
    for name, (shape, epsilon, source, own, extra) in cases.items():
        given.append(layers().Input(shape, name=f"x_{name}"))
        outputs.append(layers().LayerNormalization(axis=2, epsilon=epsilon, name=name)(given[-1]))
        types[f"x_{name}"] = {"result": source}
        # hls4ml 1.3.0 takes no notice of a precision of the table; as a setting it passes.
        types[name] = {key: type_ for key, type_ in own.items() if key != "table"}
        settings[name] = {**extra, "table_t": own.get("table", "ufixed<8,5,RND_CONV,SAT>")}
    model = keras.Model(given, outputs)
    for layer in model.layers:
        reach = 32 if layer.name.startswith("ternary") else 60
        layer.set_weights([rng.integers(-reach, reach + 1, weight.shape) / 32 for weight in layer.weights])
    return convert(model, types, settings=settings, **options)


@pytest.mark.parametrize("first", [0, *(pytest.param(first, marks=pytest.mark.slow) for first in range(1, 4))])
def test_every_mode_of_every_internal_type(tmp_path, first):
    """One branch a pair of modes in the accumulator; the other types have other pairs, grids and signs."""
    cases = {}
    for index, mode in list(enumerate(MODES))[first::4]:
        a, b, c = (MODES[(index * step + step) % len(MODES)] for step in (3, 5, 9))
        types = {
            "scale": f"fixed<{5 + index % 4},{2 + index % 3},{b}>",
            "bias": f"fixed<{6 + index % 3},{2 + index % 2},{c}>",
            "accum": f"fixed<{9 + index % 9},{2 + index % 6},{mode}>",
            "table": f"{'u' * (index % 2)}fixed<{6 + index % 5},{3 + index % 3},{a}>",
            "result": f"fixed<{6 + index % 7},{2 + index % 4},{MODES[(index * 11 + 7) % len(MODES)]}>",
        }
        settings = {"table_size": (4096, 64, 1000, 17)[index % 4], "table_range_power2": (0, 1, 3, 6)[index // 4 % 4]}
        shape = (1 + index % 3, 1 + index % 7)
        source = f"{'u' * (index % 5 == 4)}fixed<{6 + index % 5},{1 + index % 5}>"
        cases[f"n{index}"] = (shape, (1e-3, 1e-2, 1e-6)[index % 3], source, types, settings)
    made = write(normalized(cases, tmp_path), tmp_path)
    inputs = full_range(made.graph, 600, 3)
    check(made.graph, run_csim(made.folder, inputs, made.work, trace=True), inputs, set(cases))


def test_edges(tmp_path):
    """Default types, one number, an index beyond 32 bits, wide types, and a scale with another product."""
    plain = {"scale": "fixed<8,3>", "bias": "fixed<8,3>", "result": "fixed<16,6>"}
    wide = {**plain, "accum": "fixed<60,30>", "table": "ufixed<40,10>"}
    cases = {
        "default": ((3, 8), 1e-3, "fixed<12,4>", plain, {}),
        "narrow": ((3, 8), 1e-3, "fixed<8,1>", plain, {}),
        "one": ((4, 1), 1e-3, "fixed<12,4>", plain, {}),
        "long": ((2, 40), 1e-5, "fixed<12,2>", {**plain, "accum": "fixed<24,8>"}, {}),
        "far": ((2, 4), 1e-3, "fixed<14,10>", {**plain, "accum": "fixed<30,24>"}, {"table_range_power2": 14}),
        "wide": ((2, 4), 1e-9, "fixed<40,10>", wide, {}),
        "ternary": ((2, 4), 1e-3, "fixed<12,4>", {**plain, "scale": "int<2>"}, {}),
        "ternary_whole": ((2, 1), 1e-3, "fixed<8,2>", {**plain, "scale": "int<2>", "accum": "fixed<9,1>"}, {}),
        "whole": ((2, 4), 1e-3, "int<8>", {**plain, "accum": "int<14>", "scale": "int<4>"}, {}),
        "tiny_epsilon": ((2, 3), 1e-46, "fixed<8,2>", plain, {"table_size": 1}),
    }
    made = write(normalized(cases, tmp_path), tmp_path)
    inputs = full_range(made.graph, 600, 4)
    check(made.graph, run_csim(made.folder, inputs, made.work, trace=True), inputs, set(cases))


def test_streams_are_refused(tmp_path):
    with pytest.raises(UnsupportedLayerError, match=r"layer 'norm': layer normalization in io_stream.*use io_parallel"):
        normalized({"norm": ((2, 4), 1e-3, "fixed<8,2>", {}, {})}, tmp_path, io_type="io_stream")
