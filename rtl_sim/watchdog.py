"""Giving up on a design that stands still, with the last handshake that was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rtl_sim.signals import BreachError


class Watchdog:
    """Counts the cycles without a handshake."""

    def __init__(self, patience: int) -> None:
        """
        Args:
            patience: cycles without a handshake after which the design is given up.
        """
        self._patience = patience
        self._last = "the reset"
        self._cycle = 0

    def see(self, cycle: int, what: str) -> None:
        """A handshake, or a reset."""
        self._cycle, self._last = cycle, what

    def check(self, cycle: int, describe: Iterable[Callable[[], str]]) -> None:
        """Bark where nothing moved for too long.

        Args:
            cycle: now.
            describe: of each end of the design, what it waits for.

        Raises:
            BreachError: it was too long.
        """
        if cycle - self._cycle <= self._patience:
            return
        waiting = "; ".join(text() for text in describe)
        raise BreachError(
            "",
            f"no handshake for {self._patience} cycles; the last was {self._last} in cycle {self._cycle}; {waiting}",
        )
