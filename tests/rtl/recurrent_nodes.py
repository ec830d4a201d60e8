"""Recurrent layers of every kind that the Graph has, with words at random."""

from __future__ import annotations

import numpy as np

from codesign.graph import Direction, FixedPoint, GateFunction, Gru, Lstm, Product, frozen
from tests.rtl.designs import port, words

P = FixedPoint.parse
_EXPONENTIAL = P("fixed<6,4>")


def tables(function, type_, entries):
    """(entries,) integers: the function at the middle of each of its steps, roughly."""
    if function is GateFunction.RELU:
        return frozen([])
    span = 16 if function is GateFunction.SIGMOID else 8
    x = (np.arange(entries) - entries / 2) * span / entries
    y = 1 / (1 + np.exp(-x)) if function is GateFunction.SIGMOID else np.tanh(x)
    return frozen(np.clip(np.round(y * 2.0**type_.fraction), type_.min_int, type_.max_int).astype(int))


def recurrent(
    cls,
    *,
    source="fixed<8,3>",
    steps=5,
    n_in=3,
    n=2,
    sequences=True,
    states=False,
    seed=0,
    accumulator="fixed<20,8>",
    result="fixed<9,2,RND,SAT>",
    weight="fixed<6,1>",
    recurrent_weight="fixed<6,1>",
    functions=(GateFunction.TANH, GateFunction.SIGMOID),
    table="fixed<12,3>",
    entries=64,
    product=Product.MULT,
    recurrent_product=Product.MULT,
    **more,
):
    """(the layer, the ports that it reads)."""
    rng = np.random.default_rng(seed)
    columns = cls.GATES * n
    types = [P(weight), P(recurrent_weight), P("fixed<8,2>")]
    weights = [words(rng, types[0], (n_in, columns)), words(rng, types[1], (n, columns))]
    for place, kind in enumerate((product, recurrent_product)):
        if kind is Product.WEIGHT_EXPONENTIAL:
            shape = weights[place].shape
            weights[place] = frozen(rng.choice([-1, 1], shape) << rng.integers(0, types[place].width - 1, shape))
        if kind is Product.BOTH_BINARY:
            weights[place] = frozen(rng.integers(0, 2, weights[place].shape))
    ports = [port("x", (steps, n_in), source)]
    if states:
        ports += [port(f"s{index}", (n,), result) for index in range(cls.STATES)]
    node = cls(
        name="rnn",
        inputs=tuple(p.name for p in ports),
        shape=(steps, n) if sequences else (n,),
        result=P(result),
        weight=weights[0],
        weight_type=types[0],
        bias=words(rng, types[2], columns),
        bias_type=types[2],
        recurrent_weight=weights[1],
        recurrent_weight_type=types[1],
        recurrent_bias=words(rng, types[2], columns),
        recurrent_bias_type=types[2],
        accumulator=P(accumulator),
        activation=functions[0],
        recurrent_activation=functions[1],
        table=tables(functions[0], P(table), entries),
        recurrent_table=tables(functions[1], P(table), entries),
        table_type=P(table),
        product=product,
        recurrent_product=recurrent_product,
        **more,
    )
    node.check(tuple(ports))
    return node, tuple(ports)


BACK = {"direction": Direction.BACKWARD}
RELU, SIGMOID, TANH = GateFunction.RELU, GateFunction.SIGMOID, GateFunction.TANH

CASES = {
    "lstm": (Lstm, {}),
    "lstm last": (Lstm, {"sequences": False, "accumulator": "fixed<12,4,TRN,SAT>"}),
    "lstm states": (Lstm, {"states": True, "functions": (RELU, SIGMOID), "result": "fixed<7,3>"}),
    "lstm back": (Lstm, {**BACK, "functions": (TANH, RELU), "accumulator": "fixed<16,6,RND_CONV,WRAP>"}),
    "lstm back states": (Lstm, {**BACK, "states": True, "sequences": False, "steps": 4}),
    "lstm one step": (Lstm, {"steps": 1, "states": True}),
    "lstm resource": (Lstm, {"strategy": "resource", "reuse_factor": 3, "recurrent_reuse_factor": 2}),
    "gru": (Gru, {}),
    "gru last": (Gru, {"sequences": False, "functions": (SIGMOID, TANH), "entries": 100}),
    "gru states": (Gru, {"states": True, "result": "ufixed<6,2,RND_ZERO,SAT>", "functions": (RELU, RELU)}),
    "gru back": (Gru, {**BACK, "accumulator": "fixed<14,5,RND_INF,SAT_SYM>", "strategy": "resource_unrolled"}),
    "gru back last": (Gru, {**BACK, "sequences": False, "result": "fixed<8,1,RND_MIN_INF,WRAP>"}),
    "gru bits": (
        Gru,
        {
            "source": "ufixed<1,1>",
            "weight": "fixed<2,2>",
            "product": Product.DATA_BINARY,
            "recurrent_product": Product.DATA_BINARY,
        },
    ),
    "gru long": (Gru, {"steps": 12, "n_in": 1, "n": 1, "entries": 1, "result": "fixed<6,2>"}),
}
