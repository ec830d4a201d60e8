"""When machine code is worth its import and compilation: after about as much work that it would have saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from types import ModuleType

# Nanoseconds. With the products themselves it is half a second, about what the import takes where the code is kept.
ENOUGH = 250_000_000


@dataclass
class MachineCode:
    """Hands out the loops of `compiled` once they pay, where numba is installed.

    Attributes:
        done: nanoseconds of work that the loops would have saved.
        tried: nothing is left to decide.
        code: the module, once there is one.
    """

    done: float = 0.0
    tried: bool = False
    code: ModuleType | None = None
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def after(self, nanoseconds: float) -> ModuleType | None:
        """The compiled loops, or None where NumPy is to do work that takes it about so long."""
        if not self.tried:
            self.done += nanoseconds
            if self.done >= ENOUGH and self._lock.acquire(blocking=False):  # other threads go on meanwhile
                try:
                    self._load()
                finally:
                    self._lock.release()
        return self.code

    def _load(self) -> None:
        if self.tried:
            return
        try:
            from codesign.simulate.engine import compiled
        except (ImportError, OSError):  # numba is not there, or its libraries do not load
            self.tried = True
        else:
            self.code, self.tried = compiled, True


machine_code = MachineCode()
