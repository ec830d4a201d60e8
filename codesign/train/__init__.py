"""Training QKeras classifiers from recipes. Importing this does not import Keras; training does."""

from __future__ import annotations

from codesign.train.recipe import Recipe, read_recipe
from codesign.train.record import Counts, Epoch, Trained, read_trained
from codesign.train.training import Progress, train

__all__ = ["Counts", "Epoch", "Progress", "Recipe", "Trained", "read_recipe", "read_trained", "train"]
