"""Folded layers: a matrix and a vector multiplied in several clocks by few multipliers."""
