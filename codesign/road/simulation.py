"""`simulate`: exact outputs of a design for samples in a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.artifact import write_atomic
from codesign.errors import OutputError
from codesign.graph import Graph, load
from codesign.graph.convert import to_floats
from codesign.graph.store import pack_arrays
from codesign.simulate.engine import predict_numbers
from codesign.simulate.samples import InputCounts, ports_of, quantize, read_arrays
from codesign.simulate.trace import LayerTrace, trace

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Simulated:
    """A finished simulation.

    Attributes:
        graph: that was run.
        samples: what became of the numbers given.
        count: samples.
        output: the file with the outputs.
        layers: what each layer did; empty where no trace was asked for.
    """

    graph: Graph
    samples: InputCounts
    count: int
    output: Path
    layers: tuple[LayerTrace, ...]


def simulate(
    folder: Path,
    input_path: Path,
    output_path: Path,
    *,
    traced: bool = False,
    progress: Progress = lambda text: None,
) -> Simulated:
    """Run a design on the samples of a file and write its outputs as float64.

    Args:
        folder: a design folder, or any folder with a saved Graph.
        input_path: `.npy` of (samples, *shape), or `.npz` named as the ports.
        output_path: `.npy` for one output; `.npz` named as the outputs for several.
        traced: also find what each layer did.
        progress: told what is being done.

    Raises:
        GraphError: the folder holds no Graph, or a damaged one.
        InputDataError: the samples are refused.
        OutputError: the outputs cannot be written.
    """
    graph = load(folder, Graph)
    several = len(graph.outputs) > 1
    wanted = ".npz" if several else ".npy"
    if output_path.suffix.lower() != wanted:
        raise OutputError(
            f"{output_path}: this design has {len(graph.outputs)} output(s); give --output a name that ends in {wanted}"
        )
    data = ports_of(graph, read_arrays(input_path), where=str(input_path))
    progress("simulating")
    layers: tuple[LayerTrace, ...] = ()
    samples: InputCounts
    if traced:
        samples = given = quantize(graph, data, where=str(input_path))
        layers = trace(graph, given.inputs)
        results = {layer.node: layer.values for layer in layers}
        floats = {node.name: to_floats(results[node.name], node.result) for node in graph.output_nodes}
    else:
        samples = found = predict_numbers(graph, data, where=str(input_path))
        floats = found.outputs
    if several:
        content = pack_arrays(floats)
    else:
        stream = io.BytesIO()
        np.save(stream, next(iter(floats.values())), allow_pickle=False)
        content = stream.getvalue()
    write_atomic(output_path, content)
    return Simulated(graph, samples, len(next(iter(floats.values()))), output_path, layers)
