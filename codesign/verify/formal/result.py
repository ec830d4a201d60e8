"""Proofs of layers as a rung of the ladder."""

from __future__ import annotations

import time
from pathlib import Path

from codesign.errors import ToolMissingError
from codesign.graph import Graph
from codesign.verify.formal.proof import LayerProof, Outcome, prove_layers
from codesign.verify.rung import Difference, RungResult, Status

NAME = "formal"
TITLE = "RTL proven equal, layer by layer (Yosys)"


def _first(graph: Graph, proof: LayerProof) -> Difference | None:
    if proof.found is None:
        return None
    node = graph[proof.node]
    index, rest = [], proof.index
    for length in reversed(node.shape):
        rest, place = divmod(rest, length)
        index.append(place)
    return Difference(
        -1, node.name, node.source, tuple(reversed(index)), proof.expected, proof.found, str(node.result), proof.why
    )


def summarise(graph: Graph, proofs: tuple[LayerProof, ...], seconds: float) -> RungResult:
    """EQUAL where every layer is proven, DIFFERENT where one is proven wrong; else PARTIAL, or SKIPPED without any."""
    false = [proof for proof in proofs if proof.outcome is Outcome.FALSE]
    proven = tuple(proof.node for proof in proofs if proof.outcome is Outcome.PROVEN)
    rest = [f"{proof.node}: {proof.outcome.value}, {proof.why}" for proof in proofs if proof.node not in proven]
    status = Status.PARTIAL if any(proof.proven for proof in proofs) else Status.SKIPPED
    if false:
        status = Status.DIFFERENT
    elif len(proven) == len(proofs):
        status = Status.EQUAL
    first = _first(graph, false[0]) if false else None
    facts = {"proven": f"{', '.join(proven)}, for every input word"} if proven else {}
    return RungResult(NAME, TITLE, status, 0, 0, proven, first, (), "\n".join(rest), seconds, facts)


def climb_formal(project: Path, graph: Graph, work: Path) -> RungResult:
    """Prove the layers of an RTL project.

    Args:
        project: the RTL project.
        graph: that it was made from.
        work: where Yosys' logs go.

    Raises:
        DesignError: the project is damaged.
        ToolFailedError: Yosys failed.
    """
    started = time.monotonic()
    if not (project / "manifest.json").is_file():
        why = f"{project} holds no RTL project: convert the model again"
        return RungResult(NAME, TITLE, Status.SKIPPED, 0, 0, (), None, (), why, 0.0, {})
    try:
        proofs = prove_layers(project, graph, work)
    except ToolMissingError as error:
        return RungResult(NAME, TITLE, Status.SKIPPED, 0, 0, (), None, (), str(error), 0.0, {})
    return summarise(graph, proofs, time.monotonic() - started)
