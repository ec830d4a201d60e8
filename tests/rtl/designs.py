"""Small designs with every class of node, and the words that drive them."""

from __future__ import annotations

from itertools import product

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Graph,
    Input,
    Node,
    Normalize,
    NormalizeKind,
    Overflow,
    Reshape,
    Rounding,
    Softmax,
    SoftmaxDifference,
    SoftmaxImplementation,
    frozen,
)
from codesign.graph.softmax_tables import SoftmaxTypes, tables
from codesign.verify.stimulus import random_inputs

P = FixedPoint.parse


def words(rng, type_, shape):
    return frozen(rng.integers(type_.min_int, type_.max_int, size=shape, endpoint=True))


def dense(name, source, n_in, n_out, *, weight="fixed<6,1>", bias="fixed<6,1>", accumulator, result, seed=0):
    rng = np.random.default_rng(seed)
    weight, bias = P(weight), P(bias)
    return Dense(
        name=name,
        inputs=(source,),
        shape=(n_out,),
        result=P(result),
        weight=words(rng, weight, (n_in, n_out)),
        weight_type=weight,
        bias=words(rng, bias, n_out),
        bias_type=bias,
        accumulator=P(accumulator),
    )


def normalize(name, source, shape, *, scale="fixed<8,2>", bias="fixed<8,2>", result, n=None, seed=0):
    rng = np.random.default_rng(seed)
    n = n or shape[-1]
    return Normalize(
        name=name,
        inputs=(source,),
        shape=shape,
        result=P(result),
        kind=NormalizeKind.BATCH_NORMALIZATION,
        scale=words(rng, P(scale), n),
        scale_type=P(scale),
        bias=words(rng, P(bias), n),
        bias_type=P(bias),
    )


def softmax(name, source, source_type, n, implementation, *, result="fixed<16,6>", entries=64, types=None, **more):
    wide = "fixed<18,8,RND,SAT>"
    difference = more.get("difference", SoftmaxDifference.MAX_MINUS_X)
    t = types or SoftmaxTypes(P("fixed<18,8>"), P("fixed<18,8>"), P("fixed<10,5,RND,SAT>"), P(wide), P(wide))
    inside = {}
    if implementation is not SoftmaxImplementation.ARGMAX:
        exp_table, inv_table = tables(implementation, source_type, t, entries, entries, difference=difference)
        inside = {
            "exp_table": exp_table,
            "exp_type": t.exp,
            "inv_table": inv_table,
            "inv_type": t.inv,
            "norm": t.norm,
            "accumulator": t.accumulator,
            "inv_input": t.inv_input,
        }
    common = {"name": name, "inputs": (source,), "shape": (n,), "result": P(result), "implementation": implementation}
    return Softmax(**{**common, **inside, **more})


def activation(name, source, shape, result, function=ActivationFunction.RELU):
    return Activation(name=name, inputs=(source,), shape=shape, result=P(result), function=function)


def port(name, shape, type_):
    return Input(name=name, inputs=(), shape=shape, result=P(type_))


def mlp():
    """Three dense layers' worth of classes in one chain, with an output on the way."""
    nodes = (
        port("image", (2, 4), "ufixed<5,1>"),
        Reshape(name="flat", inputs=("image",), shape=(8,), result=P("ufixed<5,1>")),
        dense("hidden", "flat", 8, 6, accumulator="fixed<18,8>", result="fixed<18,8>"),
        activation("relu", "hidden", (6,), "ufixed<6,2,RND_CONV,SAT>"),
        normalize("norm", "relu", (6,), result="fixed<14,6,RND,SAT>"),
        dense("logits", "norm", 6, 4, accumulator="fixed<24,10>", result="fixed<12,6,TRN,WRAP>", seed=1),
        softmax("winner", "logits", P("fixed<12,6>"), 4, SoftmaxImplementation.ARGMAX, result="ufixed<1,1>"),
    )
    return Graph("digits", nodes, ("logits", "winner"))


def cast_types():
    """Every rounding mode with every overflow mode, on targets of several widths and binary points."""
    shapes = ((True, 4, 2), (False, 3, 1), (True, 1, 1), (True, 9, 7), (True, 5, -1))
    for (rounding, overflow), (signed, width, integer) in product(product(Rounding, Overflow), shapes):
        if signed or overflow is not Overflow.WRAP_SM:
            yield FixedPoint(signed, width, integer, rounding, overflow)


def all_casts():
    """One input of every 7-bit word, cast in every way."""
    nodes: list[Node] = [port("x", (1,), "fixed<7,4>")]
    for index, type_ in enumerate(cast_types()):
        nodes.append(activation(f"cast{index}", "x", (1,), str(type_), ActivationFunction.LINEAR))
    return Graph("casts", tuple(nodes), tuple(node.name for node in nodes[1:]))


def every_class():
    """Two inputs, branches of different depth, and every class of node with accumulators of every kind."""
    source = P("fixed<8,3>")
    nodes: list[Node] = [port("x", (6,), str(source)), port("second", (2, 3), "ufixed<4,2>")]
    accumulators = (
        "fixed<20,10>",
        "fixed<9,3,RND,SAT>",
        "fixed<10,4>",
        "fixed<12,4,TRN_ZERO,SAT_SYM>",
        "fixed<30,20,TRN,SAT>",
    )
    for index, accumulator in enumerate(accumulators):
        result = ("fixed<9,5,RND_CONV,SAT>", "fixed<6,2,RND_INF,WRAP>", "ufixed<6,3,RND_ZERO,SAT>")[index % 3]
        nodes.append(dense(f"dense{index}", "x", 6, 3, accumulator=accumulator, result=result, seed=index))
    nodes.append(normalize("per_column", "second", (2, 3), result="fixed<10,4,RND_MIN_INF,SAT_ZERO>"))
    nodes.append(normalize("one_scale", "second", (2, 3), n=1, result="fixed<9,3,TRN,WRAP_SM>", seed=3))
    nodes.append(activation("relu", "x", (6,), "ufixed<4,2,RND,SAT>"))
    nodes.append(Reshape(name="turned", inputs=("second",), shape=(3, 2), result=P("ufixed<4,2>")))
    for index, implementation in enumerate(SoftmaxImplementation):
        result = "ufixed<8,0,RND,SAT>" if index % 2 else "fixed<16,6>"
        nodes.append(softmax(f"softmax{index}", "x", source, 6, implementation, result=result))
    nodes.append(activation("dead", "x", (6,), "fixed<3,-9>"))
    nodes.append(dense("nothing", "second", 6, 2, weight="ufixed<1,9>", accumulator="fixed<6,6>", result="fixed<8,4>"))
    return Graph("every_class", tuple(nodes), tuple(node.name for node in nodes[2:]))


def stimulus(graph, samples, seed=0):
    return random_inputs(graph, samples, seed)
