"""Where hls4ml's loops over time steps begin and end: what stands between computes for one step at a time."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.graph.nodes.base import Node, one_source, register


def _check_type(node: Node, source: Node) -> None:
    if source.result != node.result:
        raise GraphError(f"node {node.name!r} makes {source.result} into {node.result}; a loop keeps the type")


@register("read_time_step")
@dataclass(frozen=True, eq=False, kw_only=True)
class ReadTimeStep(Node):
    """Each step along the first axis of what is read, on its own: nodes that read it compute once a step.

    Attributes:
        n_time_steps: of what is read.
    """

    n_time_steps: int

    def runs(self, sources: tuple[int, ...]) -> int:
        """As `Node.runs`: once a step."""
        return super().runs(sources) * self.n_time_steps

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        if source.shape != (self.n_time_steps, *self.shape):
            raise GraphError(
                f"node {self.name!r} takes {self.n_time_steps} steps of shape {self.shape} out of shape {source.shape}"
            )
        _check_type(self, source)


@register("write_time_step")
@dataclass(frozen=True, eq=False, kw_only=True)
class WriteTimeStep(Node):
    """The steps that a `ReadTimeStep` took apart, together again along a new first axis."""

    def runs(self, sources: tuple[int, ...]) -> int:
        """As `Node.runs`: once for all steps.

        Raises:
            GraphError: what it reads computes for no such number of steps.
        """
        before, steps = super().runs(sources), self.shape[0]
        if before % steps:
            raise GraphError(
                f"node {self.name!r} puts {steps} steps together, but reads what is computed {before} times a sample"
            )
        return before // steps

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        if source.shape != self.shape[1:]:
            raise GraphError(f"node {self.name!r} has shape {self.shape}, but reads steps of shape {source.shape}")
        _check_type(self, source)
