"""The compiled C simulation of a design against the Graph: equal integers, for every layer that can be seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from codesign.graph import Input
from codesign.hls import run_csim, write_project
from codesign.simulate import execute
from tests.hls.designs import Pair, full_range


def compare(design: Pair, place: Path, samples: int, seed: int = 1) -> None:
    """Assert that the Graph and the compiled C++ of a design give the same integers.

    Args:
        design: an hls4ml ModelGraph and its Graph.
        place: an empty folder.
        samples: random ones over the ports' full range.
        seed: of the samples.
    """
    folder = place / "hls"
    folder.mkdir()
    write_project(design.model_graph, design.graph, folder)
    inputs = full_range(design.graph, samples, seed)
    run = run_csim(folder, inputs, place / "work", trace=True)
    expected = execute(design.graph, inputs)
    seen = {**run.layers, **run.outputs}
    assert seen.keys() >= {node.name for node in design.graph.output_nodes if not isinstance(node, Input)}
    for name, values in seen.items():
        wrong = np.argwhere(values != expected[name])
        assert wrong.size == 0, (
            f"{name}: {len(wrong)} of {values.size} differ, first at {wrong[0]}: "
            f"C++ {values[tuple(wrong[0])]}, Graph {expected[name][tuple(wrong[0])]}; {design.graph[name]}"
        )
