"""Reading a matrix back from code as da4ml generates it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint
from codesign.graph.reading.distributed_arithmetic import read_matrix

FixedPrecisionType = type("FixedPrecisionType", (), {"signed": True, "width": 8, "integer": 4})
CODE = """template <typename inp_t, typename out_t>
void dense_da_3(inp_t model_inp[3], out_t model_out[4]) {{ // ap_fixed<8,4> -> ap_fixed<12,6>
    #pragma HLS INLINE

    ap_fixed<8,4> v0 = model_inp[0]; // 0.0
    ap_fixed<8,4> v1 = model_inp[1]; // 0.0
    ap_fixed<8,4> v2 = model_inp[2]; // 0.0
    ap_fixed<11,5> v3 = v1 - bit_shift<-2>(v1); // 1.0
    ap_fixed<11,7> v4 = v0 + bit_shift<2>(v2); // 1.0
    ap_fixed<12,8> v5 = v4 - ap_ufixed<1,4>(8.0); // 2.0
    ap_fixed<3,-2> v6 = -0.09375;
    {extra}

    model_out[0] = ap_fixed<11,5>(-v3);
    model_out[1] = ap_fixed<12,6>(bit_shift<-2>(v5));
    model_out[2] = 0;
    model_out[3] = ap_fixed<3,-2>(v6);
}}

struct something_else {{}};
"""


def node(code: str) -> SimpleNamespace:
    variable = SimpleNamespace(type=SimpleNamespace(precision=FixedPrecisionType()))
    return SimpleNamespace(
        name="fc",
        inputs=["x"],
        get_attr=lambda key: SimpleNamespace(code=code),
        get_input_variable=lambda name: variable,
    )


def test_sums_shifts_and_constants():
    found = read_matrix(node(CODE.format(extra="")), 3, 4)
    weight = found.weight * 2.0**-found.weight_type.fraction
    np.testing.assert_array_equal(weight, [[0, 0.25, 0, 0], [-0.75, 0, 0, 0], [0, 1, 0, 0]])
    bias = found.bias * 2.0**-found.bias_type.fraction
    np.testing.assert_array_equal(bias, [0, -2, 0, -0.09375])
    assert found.sums == FixedPoint.parse("fixed<11,5>")  # -12 to 8.6 in steps of 1/64


@pytest.mark.parametrize(
    "extra",
    [
        "ap_fixed<7,4> v7 = v0;",  # rounds
        "ap_fixed<8,4> v7 = v0 + v1;",  # wraps
        "ap_ufixed<8,4> v7 = v0;",  # wraps
        "ap_fixed<20,10> v7 = v0 * v1;",
        "ap_fixed<20,10> v7 = v9 + v1;",  # nothing was called v9
        "ap_fixed<20,10> v7 = v0 > 0 ? ap_fixed<8,4>(v0) : ap_fixed<8,4>(0);",
        "ap_fixed<6,2,AP_RND,AP_SAT> model_inp_q_0 = model_inp[0];",
        "ap_fixed<8,4> v7 = model_inp[3];",
        "return;",
    ],
)
def test_whatever_is_no_exact_sum_is_refused(extra):
    with pytest.raises(UnsupportedLayerError, match=r"layer 'fc': da4ml's code .* is no exact sum of the inputs"):
        read_matrix(node(CODE.format(extra=extra)), 3, 4)


def test_outputs_that_are_never_written_are_refused():
    with pytest.raises(UnsupportedLayerError, match="da4ml's code writes 4 of 5 outputs"):
        read_matrix(node(CODE.format(extra="")), 3, 5)
