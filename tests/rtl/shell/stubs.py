"""Designs of nothing but wires and registers, behind every kind of port."""

from __future__ import annotations

from itertools import pairwise

from codesign.graph import ActivationFunction, Graph
from codesign.resources import resource
from codesign.rtl.facing import Facing
from codesign.rtl.family import Family, cut_for
from codesign.rtl.network import connect
from codesign.rtl.parts import instance
from codesign.rtl.schedule import schedule
from codesign.rtl.shell import shell
from codesign.rtl.stream import Layout
from codesign.rtl.top_module import top_module
from codesign.rtl.units import Options, Place, Source
from codesign.rtl.units.wiring import pass_on
from tests.rtl.designs import activation, port

_OPTIONS = Options(Family.ECP5, 10.0, cut_for(Family.ECP5, 10.0))


class Stub:
    """One input to one output through `latency` registers; `twice` gives the input itself as a second output.

    `frames` are those that the ports believe it to hold, as its schedule says where None.

    Attributes:
        name: of the top module.
        graph: that it carries out.
        border: its `Shell`.
        timing: its `Schedule`.
        files: Verilog by file name.
    """

    def __init__(self, name, type_, layout: Layout, facing: Facing, *, latency=1, twice=False, frames=None):
        x, y = "x", "y"
        size = layout.size
        chain = [x, *(f"step{index}" for index in range(latency - 1)), y]
        nodes = (
            port(x, (size,), type_),
            *(activation(b, a, (size,), type_, ActivationFunction.LINEAR) for a, b in pairwise(chain)),
        )
        graph = Graph(name, nodes, (y, x) if twice else (y,))
        source = Source(nodes[0], layout)
        units = {
            node.name: pass_on(node, Place(f"{name}_u{index}", (source,), _OPTIONS), 1)
            for index, node in enumerate(nodes)
        }

        def faced(fifos, frames=1):
            return shell(graph, connect(graph, units, fifos), facing, fifos, frames)

        self.name = f"top_{name}"
        self.graph = graph
        self.timing = schedule(lambda fifos: faced(fifos).network)
        self.border = faced(self.timing.fifos, frames or 1 + self.timing.latency // self.timing.interval)
        self.files = {f"{self.name}.v": top_module(self.name, graph, self.border, units).text}
        for unit in units.values():
            self.files.update(unit.files)
        for part in self.border.network.parts:
            self._template(instance(part)[1])
        for template in self.border.templates:
            self._template(template)

    def _template(self, name):
        if name:
            self.files[name] = (resource("hls_templates") / "rtl" / name).read_text()
