"""Three small designs written by hand, one a protocol, each with faults to plant and what it should answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtl_sim.interface import Control, Dut, Protocol, Stream
from rtl_sim.scenario import Claims

VERILOG = Path(__file__).parent / "verilog"


@dataclass(frozen=True)
class Example:
    """A design that the tests know everything about."""

    design: Dut
    claims: Claims
    bugs: int
    answer: object

    @property
    def sources(self):
        return [VERILOG / f"{self.design.top}.v"]


def _pair_sums(x):
    return {"acc": None, "y": np.clip(x.reshape(len(x), -1).sum(axis=1, keepdims=True), -128, 127)}


PAIR_SUM = Example(
    Dut(
        "pair_sum",
        Protocol.VALID_READY,
        "clk",
        "rst",
        (Stream("x", ("x_data",), 8, True, 2, beats=2, valid=("x_valid",), ready="x_ready"),),
        (Stream("y", ("y_data",), 8, True, 1, valid=("y_valid",), ready="y_ready"),),
        probes=(Stream("acc", ("acc_data",), 10, True, 1, beats=2, slot=16, valid=("acc_valid",)),),
    ),
    Claims(latency=2, interval=2),
    11,
    lambda x: {"y": np.clip(x.reshape(len(x), -1).sum(axis=1, keepdims=True), -128, 127)},
)

_AXIS = {"bits": 6, "signed": False, "lanes": 2, "beats": 3, "slot": 8, "elements": 5}


def _axis(side):
    names = {key: f"{side}_axis_t{key}" for key in ("data", "valid", "ready", "last", "keep")}
    return Stream(
        side, (names["data"],), valid=(names["valid"],), **_AXIS, **{k: names[k] for k in ("ready", "last", "keep")}
    )


AXIS = Example(
    Dut("axis_increment", Protocol.AXIS, "aclk", "aresetn", (_axis("s"),), (_axis("m"),), reset_low=True),
    Claims(latency=3, interval=3),
    6,
    lambda x: {"m": (x + 1) & 63},
)

STARTED = Example(
    Dut(
        "started_product",
        Protocol.AP_CTRL_HS,
        "ap_clk",
        "ap_rst",
        (Stream("x", ("x_V",), 8, True, 2),),
        (
            Stream("y_0", ("y_0_V",), 16, True, 1, valid=("y_0_V_ap_vld",)),
            Stream("y_1", ("y_1_V",), 9, True, 1, valid=("y_1_V_ap_vld",)),
        ),
        control=Control(),
    ),
    Claims(latency=4, interval=3),
    6,
    lambda x: {"y_0": x[:, :1] * x[:, 1:], "y_1": x.sum(axis=1, keepdims=True)},
)

EXAMPLES = {example.design.top: example for example in (PAIR_SUM, AXIS, STARTED)}
