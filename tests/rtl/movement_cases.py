"""Nodes that move numbers, for `test_image_units.py`."""

import numpy as np

from codesign.graph import Concatenate, Cropping, Resize, Transpose, ZeroPadding
from tests.rtl.image_nodes import P, port, trial


def padding(source, before, after, result=None):
    shape = tuple(np.add(np.add(source.shape, before), after).tolist())
    return ZeroPadding(
        name="pad", inputs=(source.name,), shape=shape, result=result or source.result, before=before, after=after
    )


def cropping(source, before, after, result=None):
    shape = tuple(np.subtract(np.subtract(source.shape, before), after).tolist())
    return Cropping(
        name="crop", inputs=(source.name,), shape=shape, result=result or source.result, before=before, after=after
    )


def resize(source, rows, columns):
    shape = (len(rows), len(columns), source.shape[-1])
    return Resize(
        name="up",
        inputs=(source.name,),
        shape=shape,
        result=source.result,
        image=source.shape,
        rows=tuple(rows),
        columns=tuple(columns),
    )


def transpose(source, axes, result=None):
    shape = tuple(source.shape[axis] for axis in axes)
    return Transpose(name="turn", inputs=(source.name,), shape=shape, result=result or source.result, axes=axes)


def concatenate(sources, axis, result):
    shape = list(sources[0].shape)
    shape[axis] = sum(source.shape[axis] for source in sources)
    names = tuple(source.name for source in sources)
    return Concatenate(name="join", inputs=names, shape=tuple(shape), result=P(result), axis=axis)


def movements():
    image, line = port((3, 4, 2)), port((5, 3), "ufixed<4,2>")
    other, third = port((3, 2, 2), "fixed<7,3>", "other"), port((2, 4, 2), "ufixed<4,2>", "third")
    last = port((3, 1, 2), "ufixed<3,1>", "last")
    big, tall = port((4, 30, 10), "ufixed<4,2>"), port((2, 3, 60), "fixed<5,2>")
    cases = [
        ((image,), padding(image, (1, 2, 0), (2, 1, 0))),
        ((image,), padding(image, (0, 1, 1), (1, 0, 2), P("fixed<4,2,RND,SAT>"))),
        ((line,), padding(line, (2, 0), (1, 0))),
        ((image,), cropping(image, (1, 1, 0), (0, 2, 1))),
        ((line,), cropping(line, (2, 1), (2, 0), P("fixed<9,4>"))),
        ((image,), resize(image, [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2, 3, 3])),
        ((image,), resize(image, [0, 2, 2, 2], [0, 1, 1, 3])),
        ((image,), resize(image, [0, 1, 2], [0, 1, 2, 3])),
        ((big,), transpose(big, (1, 0, 2))),
        ((big,), transpose(big, (2, 0, 1), P("fixed<4,3,RND_CONV,SAT>"))),
        ((tall,), transpose(tall, (2, 1, 0))),
        ((tall,), transpose(tall, (1, 2, 0))),
        ((image,), transpose(image, (2, 0, 1))),
        ((image, other), concatenate((image, other), 1, "fixed<6,3,RND,SAT>")),
        ((third, image), concatenate((third, image), 0, "fixed<5,2>")),
        ((image, other, last), concatenate((image, other, last), 1, "fixed<7,3>")),
    ]
    return [trial(f"move{index}", sources, node, seed=index) for index, (sources, node) in enumerate(cases)]
