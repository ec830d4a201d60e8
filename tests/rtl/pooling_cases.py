"""Pooling of every kind, for `test_image_units.py`."""

from tests.rtl.image_nodes import P, pooling, port, trial


def poolings():
    image, plain, line, first = port((5, 4, 2)), port((4, 6, 2), "ufixed<4,2>"), port((9, 2)), port((2, 4, 6))
    saturating, integer = P("fixed<8,4,RND,SAT>"), {"accumulator": P("fixed<12,12>"), "integer_accumulator": True}
    cases = [
        (plain, pooling(plain, "max", "parallel", (2, 2))),
        (image, pooling(image, "max", "parallel", (3, 2), (2, 1), (1, 0), (1, 1))),
        (plain, pooling(plain, "max", "parallel", (3, 3), (1, 2), (1, 1), (1, 1))),
        (plain, pooling(plain, "max", "stream", (2, 3), accumulator=P("fixed<4,2>"))),
        (line, pooling(line, "max", "stream", (3,), (2,))),
        (image, pooling(image, "average", "parallel", (2, 2))),
        (image, pooling(image, "average", "parallel", (3, 3), (1, 1), (1, 1), (1, 1), count_padding=False)),
        (line, pooling(line, "average", "parallel", (4,), (2,), (1,), (2,), count_padding=False)),
        (image, pooling(image, "average", "parallel", (3, 2), (2, 2), (1, 0), (1, 0), accumulator=saturating)),
        (image, pooling(image, "average", "parallel", (2, 3), (1, 1), **integer)),
        (plain, pooling(plain, "average", "stream", (2, 3), accumulator=saturating)),
        (first, pooling(first, "max", "channels_first", (2, 3))),
        (first, pooling(first, "average", "channels_first", (3, 2), (2, 3), (1, 0), (0, 1), count_padding=False)),
        (image, pooling(image, "average", "running", shape=(2,))),
        (image, pooling(image, "max", "running", shape=(2,), accumulator=P("fixed<4,2>"))),
        (image, pooling(image, "average", "parallel", accumulator=saturating)),
        (image, pooling(image, "average", "running", shape=(2,), **integer)),
        (image, pooling(image, "max", "parallel", result=P("fixed<5,2>"), accumulator=P("fixed<5,2>"))),
        (line, pooling(line, "average", "stream", shape=(2,))),
        (image, pooling(image, "max", "parallel", (2, 1), (3, 2))),
        (image, pooling(image, "average", "stream", (2, 2), accumulator=P("fixed<9,4>"))),
        (image, pooling(image, "max", "parallel", (2, 3), (2, 1))),
        (plain, pooling(plain, "average", "parallel", (2, 2), (4, 3), accumulator=P("fixed<5,3,RND,SAT>"))),
        (first, pooling(first, "max", "channels_first", shape=(2,))),
    ]
    return [trial(f"pool{index}", (source,), node, seed=index) for index, (source, node) in enumerate(cases)]
