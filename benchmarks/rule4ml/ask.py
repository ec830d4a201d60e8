"""What rule4ml (PyPI) predicts of the same designs, asked in an environment of its own.

It takes one precision for a whole network, and knows hls4ml 0.8.1 and 1.1.0. It is asked in every way that could be
meant: the type of the weights and the type of the results, either version; the comparison takes, figure by figure, the
way that is nearest to the truth over all designs.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.estimate import Target
from codesign.graph import Activation, Dense, FixedPoint, Graph, Input, Node, Normalize, NormalizeKind, Softmax
from codesign.rtl import Family

PREDICT = Path(__file__).with_name("predict.py")
PRECISIONS = ("weights", "results")
HLS4ML_VERSIONS = ("0.8.1", "1.1.0")
_TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class Way:
    """How it is asked.

    Attributes:
        precision: the type of the `weights` or of the `results`.
        hls4ml: version that it is to think of.
    """

    precision: str
    hls4ml: str

    def __str__(self) -> str:
        return f"precision of the {self.precision}, hls4ml {self.hls4ml}"


WAYS = tuple(Way(*pair) for pair in itertools.product(PRECISIONS, HLS4ML_VERSIONS))


@dataclass(frozen=True)
class Answers:
    """What it answered.

    Attributes:
        version: of rule4ml.
        start_seconds: to import it and load its networks.
        figures: by way and design, `lut`, `ff`, `dsp`, `bram18`, `cycles`, `interval`.
        seconds: by way and design, that a prediction took, once all is loaded.
        errors: by design, why it did not answer.
    """

    version: str
    start_seconds: float
    figures: Mapping[Way, Mapping[str, Mapping[str, float]]]
    seconds: Mapping[Way, Mapping[str, float]]
    errors: Mapping[str, str]


def _layer(node: Node, reuse: int) -> dict[str, Any] | None:
    """The layer of the user's model, as rule4ml wants it; None for what such a model does not have."""
    if isinstance(node, Dense):
        return {"class": "Dense", "units": int(node.weight.shape[1]), "reuse": node.reuse_factor}
    if isinstance(node, Activation):
        return {"class": "Activation", "activation": node.function.value, "reuse": reuse}
    if isinstance(node, Softmax):
        return {"class": "Activation", "activation": "softmax", "reuse": reuse}
    if isinstance(node, Normalize):
        if node.kind is NormalizeKind.APPLY_ALPHA:
            return None  # hls4ml makes it of a quantizer's scale
        return {"class": "BatchNormalization", "reuse": reuse}
    raise UnsupportedLayerError(f"layer {node.name!r}: {type(node).__name__} is not put to rule4ml here")


def _board(target: Target) -> str:
    """The nearest of the boards that it knows."""
    if target.family is Family.XILINX_7SERIES:
        return "pynq-z2"
    return "zcu102" if target.part.startswith("xczu") else "alveo-u250"


def _type(type_: FixedPoint) -> str:
    return f"ap_fixed<{type_.width}, {type_.integer}>"


def _request(name: str, graph: Graph, target: Target, way: Way, vivado: str) -> dict[str, Any]:
    dense = [node for node in graph if isinstance(node, Dense)]
    if not dense:
        raise UnsupportedLayerError("it has no dense layer")
    reuse = max(node.reuse_factor for node in dense)
    layers = [_layer(node, reuse) for node in graph if not isinstance(node, Input)]
    return {
        "name": name.replace("/", "_"),
        "input": list(graph.input_nodes[0].shape),
        "layers": [layer for layer in layers if layer is not None],
        "precision": _type(dense[0].weight_type if way.precision == "weights" else dense[0].result),
        "board": _board(target),
        "strategy": "Latency" if dense[0].strategy == "latency" else "Resource",
        "hls4ml": way.hls4ml,
        "vivado": vivado,
    }


def _run(python: Path, requests: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], float]:
    """Its answers, and the seconds from the start of its process to its end.

    Raises:
        SystemExit: it failed; tells its last line.
    """
    started = time.perf_counter()
    ran = subprocess.run(
        [str(python), str(PREDICT)],
        input=json.dumps({"designs": list(requests)}),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
    )
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise SystemExit(f"rule4ml failed: {last[:300]}; --without-rule4ml leaves it out")
    return json.loads(ran.stdout.splitlines()[-1]), time.perf_counter() - started


def ask(python: Path, designs: Mapping[str, tuple[Graph, Target]], vivado: str = "2021.1") -> Answers:
    """Ask rule4ml for every design in every way.

    Args:
        python: of its environment.
        designs: by name.
        vivado: version of the vendor's tool that it is to think of.
    """
    errors: dict[str, str] = {}
    requests, keys = [], []
    for name, (graph, target) in designs.items():
        try:
            made = [(way, _request(name, graph, target, way, vivado)) for way in WAYS]
        except UnsupportedLayerError as error:
            errors[name] = str(error)
            continue
        requests += [request for _, request in made]
        keys += [(way, name) for way, _ in made]
    answer, _ = _run(python, requests)
    figures: dict[Way, dict[str, Mapping[str, float]]] = {way: {} for way in WAYS}
    seconds: dict[Way, dict[str, float]] = {way: {} for way in WAYS}
    for (way, name), found in zip(keys, answer["answers"], strict=True):
        if "error" in found:
            errors[name] = found["error"]
        else:
            figures[way][name], seconds[way][name] = found["figures"], found["seconds"]
    return Answers(answer["version"], answer["start_seconds"], figures, seconds, errors)


def cold_seconds(python: Path, name: str, graph: Graph, target: Target) -> float:
    """Seconds of a new process that predicts one design once."""
    return _run(python, [_request(name, graph, target, WAYS[0], "2021.1")])[1]
