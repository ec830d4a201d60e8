"""A waveform of the cycles around a failure, cut out of one of a whole run: smaller, and opened where it matters."""

from __future__ import annotations

import re
from pathlib import Path

PERIOD_NS = 10  # of the testbench's clock
PERIOD_PS = 1000 * PERIOD_NS
_SCALAR = re.compile(r"[01xzXZ]")


def cut_vcd(source: Path, target: Path, start: int, stop: int) -> None:
    """Copy the part of a VCD file between two times, with the values that hold at its beginning.

    Args:
        source: of the whole run.
        target: where the part goes.
        start: first time that is kept, in the file's own unit.
        stop: last one.
    """
    values: dict[str, str] = {}
    started = False
    with source.open() as lines, target.open("w") as out:
        for line in lines:
            out.write(line)
            if line.startswith("$enddefinitions"):
                break
        for line in lines:
            text = line.strip()
            if text.startswith("#"):
                time = int(text[1:])
                if time > stop:
                    break
                if time >= start:
                    if not started:
                        out.write(
                            f"#{start}\n$dumpvars\n" + "".join(f"{value}\n" for value in values.values()) + "$end\n"
                        )
                        started = True
                    out.write(line)
            elif started:
                out.write(line)
            elif text and not text.startswith("$"):
                code = text[1:] if _SCALAR.match(text) else text.split()[-1]
                values[code] = text
