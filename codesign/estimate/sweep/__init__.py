"""Estimates over many precision choices."""
