"""The Verilog that all units share: their ports, and a pipeline's handshake."""

from __future__ import annotations

from collections.abc import Sequence


def module(name: str, inputs: Sequence[int], output: int, body: Sequence[str]) -> str:
    """A unit's module.

    Args:
        name: of the module.
        inputs: bits of each input's data.
        output: bits of the output's data.
        body: lines.
    """
    ports = ["input wire clk", "input wire rst"]
    for index, bits in enumerate(inputs):
        ports += [
            f"input wire [{bits - 1}:0] in{index}_data",
            f"input wire in{index}_valid",
            f"output wire in{index}_ready",
        ]
    ports += [f"output wire [{output - 1}:0] out_data", "output wire out_valid", "input wire out_ready"]
    return (
        f"module {name} (\n    "
        + ",\n    ".join(ports)
        + "\n);\n"
        + "".join(f"    {x}\n" for x in body)
        + "endmodule\n"
    )


def _all_valid(inputs: int, but: int = -1) -> str:
    return " & ".join(f"in{index}_valid" for index in range(inputs) if index != but)


def pipeline(inputs: int, latency: int) -> list[str]:
    """A pipeline that takes a beat of each input at once and stands still while its answer is not taken.

    Its registers are to be enabled by `ce`.

    Args:
        inputs: how many.
        latency: registers on the way; 0 for wires.
    """
    both = _all_valid(inputs)
    if latency == 0:
        lines = ["wire ce = out_ready;", f"assign out_valid = {both};"]
    else:
        shifted = f"{{valid[{latency - 2}:0], {both}}}" if latency > 1 else both
        lines = [
            f"reg [{latency - 1}:0] valid;",
            f"wire ce = out_ready | ~valid[{latency - 1}];",
            "always @(posedge clk)",
            f"    if (rst) valid <= {latency}'d0;",
            f"    else if (ce) valid <= {shifted};",
            f"assign out_valid = valid[{latency - 1}];",
        ]
    for index in range(inputs):
        others = _all_valid(inputs, but=index)
        lines.append(f"assign in{index}_ready = " + (f"ce & {others};" if others else "ce;"))
    return lines
