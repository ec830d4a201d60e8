"""Which class a classifier's outputs say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from codesign.graph.cast import Integers


def chosen(outputs: Integers) -> npt.NDArray[np.int64]:
    """The class of each sample: the place of its first largest number, or whether its only number is positive.

    Args:
        outputs: (samples, *shape) integers.

    Returns:
        (samples,) class numbers.
    """
    rows = outputs.reshape(len(outputs), -1)
    found = np.argmax(rows, axis=1) if rows.shape[1] > 1 else rows[:, 0] > 0
    return np.asarray(found, dtype=np.int64)
