"""The one loop at which NumPy is slow, compiled by numba; imported by `worthwhile` alone, where it pays."""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic


@intrinsic  # type: ignore[untyped-decorator]
def _add_cut(context: Any, total: Any, x: Any, weight: Any, shift: Any) -> Any:
    """`total + (x * weight >> shift)` in 32 bits; numba's own operators would take 64, half as many at a time."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        total, x, weight, shift = values
        return builder.add(total, builder.ashr(builder.mul(x, weight), shift))

    return types.int32(types.int32, types.int32, types.int32, types.int32), generate


def _cut_sums(x: Any, weight: Any, shift: Any, total: Any) -> None:
    """Add the products of each group, cut off, to what `total` holds.

    Args:
        x: (groups, n_in, samples) 32-bit integers.
        weight: (n_in, n_out) integers whose products with them fit 32 bits.
        shift: bits that are cut off each product.
        total: (groups, n_out, samples) integers, modulo 2**32.
    """
    for group in range(total.shape[0]):
        for column in range(total.shape[1]):
            for row in range(weight.shape[0]):
                factor = weight[row, column]
                if factor != 0:
                    for sample in range(total.shape[2]):
                        total[group, column, sample] = _add_cut(
                            total[group, column, sample], x[group, row, sample], factor, shift
                        )


_SIGNATURE = "void(int32[:,:,::1],int32[:,::1],int32,int32[:,:,::1])"

try:
    cut_sums = njit(_SIGNATURE, nogil=True, cache=True)(_cut_sums)
except RuntimeError:  # nowhere to keep the machine code for the next process
    cut_sums = njit(_SIGNATURE, nogil=True)(_cut_sums)
