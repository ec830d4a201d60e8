"""Precision: the types of a Graph's numbers, changed on the Graph itself."""
