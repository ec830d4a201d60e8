"""hls4ml's layers that no ModelGraph of its Vitis or Vivado backend can compute, and why."""

from __future__ import annotations

from collections.abc import Mapping

_NO_CODE = "hls4ml's backend writes no C++ for it, so that its result would be whatever the memory holds"

# By hls4ml's class names; layers that hls4ml's own flows take out, or stop at, are not here.
UNWRITTEN: Mapping[str, str] = {
    "MatMul": f"{_NO_CODE}: one operand must be constant, which makes it a Dense",
    "Quant": f"{_NO_CODE}: its scale, zero point and width must be constant",
    "BipolarQuant": f"{_NO_CODE}: its scale must be constant",
    "BatchNormOnnx": f"{_NO_CODE}: its parameters must be constant",
    "Conv": f"{_NO_CODE}: its weights must be constant",
    "SymbolicExpression": "hls4ml writes it with its backend SymbolicExpression only",
}
