"""Folded matrix-vector units: a vector in `reuse` clocks, with the weights in a memory and few multipliers."""

from __future__ import annotations

from codesign.graph import FixedPoint
from codesign.rtl.family import Family
from codesign.rtl.folded.choice import Wanted, choose
from codesign.rtl.folded.engine import TEMPLATES, engine
from codesign.rtl.folded.fold import Fold
from codesign.rtl.folded.matrix import Weighted, matrix
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.folded.sums import sums
from codesign.rtl.stream import Unit
from codesign.rtl.units.text import module


def choose_fold(node: Weighted, source: FixedPoint, wanted: Wanted) -> Fold:
    """How a layer is folded over one vector.

    Args:
        node: a dense layer, or a convolution over one window: its numbers in row-major order, channels last.
        source: type of the numbers.
        wanted: what it is chosen for.

    Raises:
        UnsupportedLayerError: its arithmetic is not folded, or not in so few clocks.
    """
    products = matrix(node, source)
    return choose(products, sums(products), wanted)


def matvec(
    name: str,
    node: Weighted,
    source: FixedPoint,
    fold: Fold,
    *,
    family: Family,
    multipliers: Multipliers = Multipliers.AUTO,
    hold: bool = False,
) -> Unit:
    """The unit of a layer over one vector.

    Args:
        name: of the module.
        node: as in `choose_fold`.
        source: type of the numbers.
        fold: from `choose_fold`.
        family: of the target.
        multipliers: what they are made of.
        hold: each beat is used where it stands, and taken in the last clock of its use; else it is copied when it is
            taken. The behaviour is that of the copy: a beat that stood in a register in front behaves the same.

    Raises:
        UnsupportedLayerError: its arithmetic is not folded.
    """
    products = matrix(node, source)
    made = engine(name, products, sums(products), source, fold, family=family, multipliers=multipliers, hold=hold)
    text = module(name, [fold.input.lanes * source.width], fold.pe * node.result.width, made.body)
    return Unit(
        name, (fold.input,), fold.output, made.behaviour, {f"{name}.v": "\n".join([text, made.modules])}, TEMPLATES
    )
