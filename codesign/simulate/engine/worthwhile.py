"""When machine code is worth its second of import and compilation: after about as much work without it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

# Products that NumPy takes about a second for.
ENOUGH = 2_000_000_000


class Worthwhile:
    """Hands out `compiled.cut_sums` once it pays, where numba is installed."""

    def __init__(self) -> None:
        self._done = 0
        self._tried = False
        self._cut_sums: Callable[..., None] | None = None
        self._lock = Lock()

    def cut_sums(self, products: int) -> Callable[..., None] | None:
        """The compiled loop, or None where NumPy is to do so many products."""
        if not self._tried:
            self._done += products
            if self._done >= ENOUGH:
                with self._lock:
                    self._load()
        return self._cut_sums

    def _load(self) -> None:
        if self._tried:
            return
        try:
            from codesign.simulate.engine.compiled import cut_sums
        except ImportError:
            cut_sums = None
        self._cut_sums, self._tried = cut_sums, True


machine_code = Worthwhile()
