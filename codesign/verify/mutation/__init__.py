"""Mutation: faults planted into RTL, to see what share of them verification catches."""
