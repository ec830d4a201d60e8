"""Other types for a Graph: pure functions from one Graph to another."""

from codesign.precision.bits import Bits, weight_slots
from codesign.precision.requantizer import Requantizer
from codesign.precision.retype import Types, retyped
from codesign.precision.rewrite import Choice, Known, analysed, rewrite
from codesign.precision.slots import SLOTS, Kind, Slot, slots, types_of
from codesign.precision.uniform import uniform

__all__ = [
    "SLOTS",
    "Bits",
    "Choice",
    "Kind",
    "Known",
    "Requantizer",
    "Slot",
    "Types",
    "analysed",
    "retyped",
    "rewrite",
    "slots",
    "types_of",
    "uniform",
    "weight_slots",
]
