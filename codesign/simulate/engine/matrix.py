"""Matrix products of whole samples, with everything element-wise behind them done in the same pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codesign.simulate.engine.applied import bind
from codesign.simulate.engine.edge import Edge, Form, Layout, Tile, empty
from codesign.simulate.engine.elementwise import exactly
from codesign.simulate.engine.kernel import Kernel, Run
from codesign.simulate.engine.pointwise import Operation, settle
from codesign.simulate.engine.sums import Product


@dataclass(frozen=True, eq=False)
class MatrixProduct(Kernel):
    """A matrix product and a chain behind it, on rows: the first layer of a network reads its samples as they come.

    Attributes:
        source: what it reads.
        product: what is multiplied, and what makes integers of the accumulator of it.
        operations: behind it, as the nodes say them.
        matrix: the weights as they are multiplied, in the float that is exact.
        settled: all operations as they are run.
    """

    source: Edge
    product: Product
    operations: tuple[Operation, ...]
    matrix: Tile
    settled: tuple[Operation, ...]

    @classmethod
    def of(cls, source: Edge, product: Product, operations: Sequence[Operation], edge: Edge) -> MatrixProduct:
        """The kernel in the narrowest float that is exact.

        Raises:
            NotExactError: there is none.
        """

        def make(dtype: np.dtype[Any]) -> MatrixProduct:
            settled = settle([*product.operations, *operations], product.state(source, dtype))
            folded, rest = product.folded(settled)
            matrix = np.ascontiguousarray(folded.matrix, dtype=dtype)
            return cls((Form(Layout.ROWS, dtype),), edge, source, product, tuple(operations), matrix, rest)

        return exactly(make)

    def extended(self, operations: Sequence[Operation], edge: Edge) -> MatrixProduct:
        """As `Pointwise.extended`."""
        return MatrixProduct.of(self.source, self.product, [*self.operations, *operations], edge)

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        form = self.wants[0]
        out = empty(self.edge.size, samples, form)
        last = out if self.edge.form == form else empty(self.edge.size, samples, self.edge.form)
        apply = bind(self.settled, self.edge.size, samples, form)
        matrix = self.matrix

        def run(tile: Tile) -> Tile:
            np.matmul(tile, matrix, out=out)
            apply(out, out)
            if last is not out:
                np.copyto(last, out, casting="unsafe")
            return last

        return run
