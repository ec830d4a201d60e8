"""Nodes: frozen arrays, saved names, and integers that must fit their types."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

from codesign.errors import GraphError
from codesign.graph import Activation, ActivationFunction, Dense, FixedPoint, Input, Node, frozen
from codesign.graph.nodes import OPERATIONS, check_array, operation, replace_arrays

T = FixedPoint.parse("fixed<4,2>")
WEIGHT = [[1, -8], [7, 0], [3, 3]]


def dense(**changes):
    values = {
        "name": "fc",
        "inputs": ("x",),
        "shape": (2,),
        "result": T,
        "weight": frozen(WEIGHT),
        "weight_type": T,
        "bias": frozen([0, 1]),
        "bias_type": T,
        "accumulator": T,
    }
    return Dense(**{**values, **changes})


def test_frozen_copies_and_cannot_be_written():
    given = np.array([1, 2, 3], dtype=np.int32)
    array = frozen(given)
    given[0] = 9
    assert array.dtype == np.int64
    assert array.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 5


def test_frozen_keeps_the_order_of_rows():
    array = frozen(np.asfortranarray(np.arange(6).reshape(2, 3)))
    assert array.flags["C_CONTIGUOUS"]
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("given", [[1.5, 2.0], [np.nan], [2**63], [2**70], [-1e30], ["1"], [None]])
def test_frozen_takes_only_integers_that_int64_holds(given):
    with pytest.raises(GraphError, match="values that are not integers of at most 64 bits"):
        frozen(given)


def test_frozen_takes_integers_of_any_dtype():
    for given in ([1, 2], [1.0, 2.0], np.array([1, 2], dtype=np.uint64), np.array([1, 2], dtype=object)):
        assert frozen(given).tolist() == [1, 2]
    assert frozen([]).shape == (0,)
    assert frozen([-(2**63), 2**63 - 1]).tolist() == [-(2**63), 2**63 - 1]


def test_nodes_are_frozen():
    node = dense()
    with pytest.raises(FrozenInstanceError):
        node.shape = (3,)


def test_size_and_arrays():
    node = dense()
    assert node.size == 2
    assert set(node.arrays()) == {"weight", "bias"}
    assert Input(name="x", inputs=(), shape=(2, 3, 4), result=T).size == 24


def test_replace_arrays_keeps_the_rest():
    node = dense(source="the layer")
    other = Dense(**replace_arrays(node, bias=np.array([3, 4])))
    assert other.bias.tolist() == [3, 4]
    assert other.weight is node.weight
    assert (other.name, other.source, other.accumulator) == ("fc", "the layer", T)


def test_every_operation_has_its_own_name():
    assert all(
        operation_class.__name__.lower() == name.replace("_", "") for name, operation_class in OPERATIONS.items()
    )
    assert operation(dense()) == "dense"
    assert (
        operation(Activation(name="a", inputs=("x",), shape=(1,), result=T, function=ActivationFunction.RELU))
        == "activation"
    )


def test_operation_refuses_a_class_it_does_not_know():
    @dataclass(frozen=True, eq=False, kw_only=True)
    class Mystery(Node):
        """Nothing we save."""

    with pytest.raises(GraphError, match=r"node 'm' has class Mystery, which is none of .*dense"):
        operation(Mystery(name="m", inputs=(), shape=(1,), result=T))


def test_check_array_names_the_values():
    node = dense()
    check_array(node, "weight", node.weight, T, (3, 2))
    with pytest.raises(GraphError, match=r"node 'fc': weight spans \[-9, 0\], but fixed<4,2> holds \[-8, 7\]"):
        check_array(node, "weight", frozen([-9, 0]), T, (2,))
    with pytest.raises(GraphError, match=r"node 'fc': weight spans \[0, 8\]"):
        check_array(node, "weight", frozen([0, 8]), T, (2,))
    with pytest.raises(GraphError, match=r"node 'fc': bias has shape \(3,\), expected \(2,\)"):
        check_array(node, "bias", frozen([0, 1, 2]), T, (2,))
