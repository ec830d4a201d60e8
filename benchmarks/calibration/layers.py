"""Random unrolled dense layers, each from a seed, with what tracing makes of them: what quick estimates are fitted to.

`python -m benchmarks.calibration.layers` traces them and keeps what comes of it; what was traced already stays.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from alkaid.types import CombLogic

from benchmarks.calibration.collect import CLOCKS_NS
from codesign.artifact import write_atomic
from codesign.errors import BoardError
from codesign.estimate.rtl.count import count
from codesign.estimate.rtl.pieces import NAMES
from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Graph,
    Input,
    IntArray,
    Node,
    Overflow,
    Rounding,
    frozen,
)
from codesign.rtl import Facing
from codesign.rtl.composed import compose
from codesign.rtl.family import Family, cut_for
from codesign.rtl.logic import node_logic
from codesign.rtl.network import plan_units
from codesign.rtl.node_module import node_module
from codesign.rtl.stream import Unit, every_beat, whole
from codesign.rtl.units import Options, Place, build
from codesign.rtl.units.text import module, pipeline

PATH = Path(__file__).parent / "traced_layers.json"
SEEDS = range(400)
# Cuts of one layer's logic: families and periods.
_CUTS = 6
_PERIODS = (0.7, 1.0, 1.0, 1.5, 2.5)


@dataclass(frozen=True)
class Layer:
    """A dense layer between its input and its reader.

    Attributes:
        graph: input, dense layer, and mostly a quantized relu.
        cuts: families and clock periods in ns to build it for.
    """

    graph: Graph
    cuts: tuple[tuple[Family, float], ...]

    @property
    def dense(self) -> Dense:
        """The layer."""
        node = self.graph["dense"]
        assert isinstance(node, Dense)
        return node


def _weights(rng: np.random.Generator, shape: tuple[int, int], bits: int) -> IntArray:
    top = (1 << (bits - 1)) - 1
    values = np.rint(rng.normal(0.0, max(top, 1) / rng.uniform(1.0, 5.0), shape))
    pruned = rng.random(shape) < rng.choice([0.0, 0.0, 0.0, 0.2, 0.5, 0.75, 0.9])
    return frozen(np.where(pruned, 0, np.clip(values, -top - 1, top)).astype(np.int64))


def layer(seed: int) -> Layer:
    """The layer of a seed; the same one always."""
    rng = np.random.default_rng([seed, 5])
    n_in, n_out = (round(2 ** rng.uniform(1, 6)) for _ in range(2))
    bits, width = int(rng.integers(2, 9)), int(rng.integers(1, 13))
    signed = bool(rng.random() < 0.35) and width > 1
    source = FixedPoint(signed, width, int(rng.integers(0, 3)) + int(signed))
    weight = FixedPoint(True, bits, int(rng.integers(0, 3)))
    bias = FixedPoint(True, max(bits, 4), 2)
    below = source.fraction + max(weight.fraction, 0) + 4
    total = width + bits + math.ceil(math.log2(n_in + 1)) + 6
    accumulator = FixedPoint(True, total, total - below)
    result = accumulator if rng.random() < 0.7 else FixedPoint(True, 16, 6)
    top = 1 << (bias.width - 1)
    biases = rng.integers(-top, top, n_out) if rng.random() < 0.85 else np.zeros(n_out, dtype=np.int64)
    start = Input(name="x", inputs=(), shape=(n_in,), result=source)
    dense = Dense(
        name="dense",
        inputs=("x",),
        shape=(n_out,),
        result=result,
        weight=_weights(rng, (n_in, n_out), bits),
        weight_type=weight,
        bias=frozen(biases),
        bias_type=bias,
        accumulator=accumulator,
    )
    nodes: list[Node] = [start, dense]
    if rng.random() < 0.75:
        kept = FixedPoint(False, int(rng.integers(2, 9)), int(rng.integers(0, 3)), Rounding.RND_CONV, Overflow.SAT)
        if rng.random() < 0.3:
            kept = FixedPoint(False, kept.width, kept.integer, Rounding.TRN, Overflow.SAT)
        function = ActivationFunction.RELU
        nodes.append(Activation(name="relu", inputs=("dense",), shape=(n_out,), result=kept, function=function))
    families = list(Family)
    cuts = []
    for index in range(_CUTS):
        family = families[(seed + index) % len(families)]
        cuts.append((family, float(rng.choice(CLOCKS_NS[family]) * rng.choice(_PERIODS))))
    return Layer(Graph(f"layer{seed}", tuple(nodes), (nodes[-1].name,)), tuple(cuts))


def _unit(logics: dict[str, CombLogic]) -> Callable[[Node, Place], Unit]:
    """Builds units as `codesign.rtl.units` does, but traces each node once for all cuts."""

    def make(node: Node, place: Place) -> Unit:
        if isinstance(node, Input):
            return build(node, place)
        sources = tuple(source.node for source in place.sources)
        if node.name not in logics:
            logics[node.name] = node_logic(node, sources, ternary_adders=False)
        made = node_module(f"{place.module}_logic", node, sources, logics[node.name], place.options.cut)
        widths = [s.size * s.result.width for s in sources]
        text = module(place.module, widths, node.size * node.result.width, pipeline(len(widths), made.latency))
        return Unit(
            place.module,
            tuple(whole(s.shape) for s in sources),
            whole(node.shape),
            every_beat(len(widths), 1, made.latency),
            {f"{place.module}.v": text + "\n" + made.text},
            stages=made.stages,
            traced=(node, sources),
        )

    return make


def rows(seed: int) -> list[dict[str, Any]]:
    """What tracing makes of a layer, for each of its cuts that its operations keep to."""
    drawn = layer(seed)
    logics: dict[str, CombLogic] = {}
    found: list[dict[str, Any]] = []
    for family, clock_ns in drawn.cuts:
        options = Options(family, clock_ns, cut_for(family, clock_ns))
        try:
            made = compose(drawn.graph, plan_units(drawn.graph, options), Facing(), build=_unit(logics))
        except BoardError:
            continue
        pieces = count(drawn.graph, made, family).units["dense"]
        found.append(
            {
                "seed": seed,
                "family": family.value,
                "clock_ns": clock_ns,
                "latency": made.units["dense"].behaviour.latency,
                "pieces": {name: round(value, 3) for name in NAMES if (value := getattr(pieces, name))},
            }
        )
    return found


def kept() -> dict[int, list[dict[str, Any]]]:
    """By seed, what was traced already."""
    try:
        found = json.loads(PATH.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {int(seed): known for seed, known in found.items()}


def _save(found: Mapping[int, list[dict[str, Any]]]) -> None:
    lines = ",\n".join(f'"{seed}": {json.dumps(found[seed], sort_keys=True)}' for seed in sorted(found))
    write_atomic(PATH, "{" + lines + "}\n")


def _missing(found: Mapping[int, Any], count_: int) -> Iterator[int]:
    return (seed for seed in range(count_) if seed not in found)


def main() -> None:
    """Trace what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    given = parser.parse_args()
    found, start = kept(), time.time()
    missing = list(_missing(found, given.seeds))
    with ProcessPoolExecutor(given.workers) as pool:
        for seed, made in zip(missing, pool.map(rows, missing), strict=True):
            found[seed] = made
            if seed % 10 == 9:
                _save(found)
                print(f"{seed + 1}/{given.seeds} {time.time() - start:.0f} s", flush=True)
    _save(found)


if __name__ == "__main__":
    main()
