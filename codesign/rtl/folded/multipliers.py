"""What the multipliers of folded layers are made of."""

from __future__ import annotations

from enum import Enum


class Multipliers(str, Enum):
    """What the multipliers of folded layers are made of."""

    AUTO = "auto"  # of LUTs where that takes few, of DSP blocks elsewhere
    DSP = "dsp"
    LUT = "lut"
