"""A tile seen as samples of a shape, whatever its layout."""

from __future__ import annotations

import numpy as np

from codesign.simulate.engine.edge import Layout, Tile


def samples_first(tile: Tile, shape: tuple[int, ...], layout: Layout) -> Tile:
    """A view of a tile as (samples, *shape); what is written into it is written into the tile."""
    if layout is Layout.ROWS:
        return tile.reshape(tile.shape[0], *shape)
    return np.moveaxis(tile.reshape(*shape, tile.shape[-1]), -1, 0)
