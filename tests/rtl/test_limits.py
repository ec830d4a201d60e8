"""What is refused before any work, by the layer's name."""

from __future__ import annotations

import pytest

from codesign import rtl
from codesign.errors import UnsupportedLayerError
from codesign.graph import Graph, SoftmaxImplementation
from tests.rtl.designs import P, activation, dense, every_class, mlp, normalize, port, softmax

WIDE = {
    "product": [
        port("x", (4,), "fixed<30,4>"),
        dense("wide", "x", 4, 2, weight="fixed<24,2>", accumulator="fixed<48,9,RND_CONV>", result="fixed<8,4>"),
    ],
    "accumulator": [
        port("x", (4,), "fixed<8,4>"),
        dense("wide", "x", 4, 2, bias="fixed<60,9>", accumulator="fixed<60,9>", result="fixed<8,4>"),
    ],
    "input": [port("x", (4,), "fixed<60,4>"), activation("wide", "x", (4,), "fixed<8,4,RND,SAT>")],
    "scale": [port("x", (4,), "fixed<20,4>"), normalize("wide", "x", (4,), scale="fixed<40,4>", result="fixed<8,4>")],
    "cast": [port("x", (4,), "ufixed<52,4>"), activation("wide", "x", (4,), "fixed<49,4,RND,SAT>")],
}  # fmt: skip


@pytest.mark.parametrize("nodes", WIDE.values(), ids=WIDE)
def test_too_wide_is_refused_by_name(nodes, tmp_path):
    graph = Graph("g", tuple(nodes), (nodes[-1].name,))
    with pytest.raises(
        UnsupportedLayerError, match=r"layer 'wide': .* \d+ bits, the RTL .* exact up to 50; state narrower"
    ):
        rtl.check_supported(graph)
    with pytest.raises(UnsupportedLayerError, match="layer 'wide'"):
        rtl.write_project(graph, tmp_path / "rtl", clock_ns=10, family=rtl.Family.ECP5, part="")
    assert not (tmp_path / "rtl").exists()


def test_a_huge_table_is_refused_by_name():
    source = P("fixed<18,8>")
    node = softmax("big", "x", source, 3, SoftmaxImplementation.LATENCY, entries=1 << 15)
    with pytest.raises(UnsupportedLayerError, match=r"layer 'big': a table of 32768 entries.*smaller table_size"):
        rtl.check_supported(Graph("g", (port("x", (3,), str(source)), node), ("big",)))


def test_what_is_carried_passes():
    for graph in (mlp(), every_class()):
        rtl.check_supported(graph)
