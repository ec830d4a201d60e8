"""Synthesis scripts of an RTL project, filled in from `hls_templates/rtl` with every value quoted or checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import Template

from codesign.errors import BoardError
from codesign.resources import resource
from codesign.rtl.family import Family

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,79}")

_YOSYS: dict[Family, str] = {
    Family.XILINX_7SERIES: "synth_xilinx -family xc7 -flatten -top {top}",
    Family.XILINX_ULTRASCALE_PLUS: "synth_xilinx -family xcup -flatten -top {top}",
    Family.ECP5: "synth_ecp5 -top {top}",
    Family.ICE40: "synth_ice40 -dsp -top {top}",
    # Left to itself it puts pads at the ports of modules that keep their hierarchy too; nextpnr has no place for them.
    Family.GOWIN: "synth_gowin -family gw1n -noiopads -top {top}\n"
    "iopadmap -bits -inpad IBUF O:I -outpad OBUF I:O A:top",
}
_VIVADO = (Family.XILINX_7SERIES, Family.XILINX_ULTRASCALE_PLUS)


class _Script(Template):
    """`@{name}` is filled in; `$` belongs to Tcl."""

    delimiter = "@"
    idpattern = "[a-z]+"


def check_part(part: str) -> None:
    """Refuse a part that a script could not name safely; '' is none.

    Raises:
        BoardError: it holds other characters than parts do.
    """
    if part and not _PART.fullmatch(part):
        raise BoardError(
            f"part {part!r} is not a part number; use letters, digits, '.', '_', '/' and '-', such as xc7a100tcsg324-1"
        )


def tcl_word(text: str) -> str:
    """`text` as one Tcl word that stands for exactly itself."""
    return '"' + re.sub(r'(["\\$\[\]{};])', r"\\\1", text.replace("\n", " ")) + '"'


def _fill(name: str, values: Mapping[str, str]) -> str:
    return _Script((resource("hls_templates") / "rtl" / name).read_text()).substitute(values)


def scripts(
    top: str, sources: Sequence[str], *, family: Family, part: str, clock_ns: float, clock: str
) -> dict[str, str]:
    """The scripts by file name: Yosys for Verilog of every family, Vivado and its clock constraint for Xilinx.

    Args:
        top: the top module, an identifier.
        sources: Verilog or VHDL files relative to the project, of letters, digits, `_`, `.` and `/`.
        family: of the target.
        part: of the target; '' leaves it to the caller of the script.
        clock_ns: clock period.
        clock: port of the clock, an identifier.

    Raises:
        BoardError: `part` is not a part number.
    """
    check_part(part)
    vhdl = any(path.endswith(".vhd") for path in sources)
    made = {
        "synth.ys": _fill(
            "synth.ys",
            {
                "sources": "\n".join(
                    f"read_verilog {'-sv ' if path.endswith('.sv') else ''}{path}" for path in sources
                ),
                "top": top,
                "synth": _YOSYS[family].format(top=top),
            },
        )
    }
    if vhdl:
        made.clear()  # Yosys reads Verilog alone
    if family in _VIVADO:
        made["vivado.tcl"] = _fill(
            "vivado.tcl",
            {
                "read": "read_vhdl -vhdl2008" if vhdl else "read_verilog",
                "sources": " ".join(f"[file join $here {tcl_word(path)}]" for path in sources),
                "top": tcl_word(top),
                "part": tcl_word(part),
            },
        )
        made["clock.xdc"] = _fill("clock.xdc", {"period": f"{clock_ns:.3f}", "clock": tcl_word(clock)})
    return made
