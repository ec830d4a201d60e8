"""Reading and writing a simulator's signals through cocotb, where a bit may be unknown."""

from __future__ import annotations

from typing import Any


class BreachError(Exception):
    """The design broke a rule; a bench turns it into a `Violation` with the cycle in which it happened.

    Attributes:
        stream: whose rule; '' for the design as a whole.
        text: what happened.
    """

    def __init__(self, stream: str, text: str) -> None:
        super().__init__(f"{stream}: {text}" if stream else text)
        self.stream = stream
        self.text = text


class Signal:
    """A signal of the design.

    Attributes:
        name: in the design.
    """

    def __init__(self, dut: Any, name: str, stream: str = "") -> None:
        """
        Args:
            dut: cocotb's handle of the top module.
            name: of the signal in it.
            stream: that it belongs to, for messages.

        Raises:
            BreachError: the design has no such signal.
        """
        self.name = name
        self._stream = stream
        try:
            self._handle = getattr(dut, name)
        except AttributeError:
            raise BreachError(stream, f"the design has no signal {name!r} that the simulator can see") from None
        self._driven: int | None = None

    @property
    def handle(self) -> Any:
        """cocotb's handle."""
        return self._handle

    def read(self, mask: int | None = None) -> int:
        """The word on it.

        Args:
            mask: the bits that must be known and are given; None for all.

        Raises:
            BreachError: one of them is X or Z.
        """
        value = self._handle.value
        try:
            word = int(value)
        except (TypeError, ValueError):
            word = self._known(str(value), mask)
        return word if mask is None else word & mask

    def _known(self, bits: str, mask: int | None) -> int:
        if mask is not None:
            keep = format(mask, f"0{len(bits)}b")[-len(bits) :]
            bits = "".join(bit if kept == "1" else "0" for bit, kept in zip(bits, keep, strict=True))
        if set(bits) - {"0", "1"}:
            raise BreachError(self._stream, f"{self.name} holds unknown bits: {bits}")
        return int(bits, 2)

    def flag(self) -> bool:
        """Whether a one-bit signal is high.

        Raises:
            BreachError: it is X or Z.
        """
        return bool(self.read())

    def write(self, word: int) -> None:
        """Drive it; costs nothing where it is driven so already."""
        if word != self._driven:
            self._handle.value = word
            self._driven = word
