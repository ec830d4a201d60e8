"""What `compiled` is told to do, by number; it works on pieces of a tile, each going through all steps in the cache."""

from __future__ import annotations

# A number for each of a piece, the same in all pieces; with `_ROW`, one number for a whole piece.
MULTIPLY, MULTIPLY_ROW, ADD, ADD_ROW = range(4)
FLOOR, CEIL, TRUNC, TO_EVEN, TIES_AWAY, TIES_TO_ZERO = range(4, 10)
CLIP, WRAP, ZERO_OUTSIDE = range(10, 13)
# What stands behind most products, in one go: an offset, a rounding, a range.
ADD_FLOOR_CLIP, ADD_ROW_FLOOR_CLIP, ADD_TO_EVEN_CLIP, ADD_ROW_TO_EVEN_CLIP = range(13, 17)
