"""hls4ml's layers that move numbers: the compiled C++ against the simulator."""

from __future__ import annotations

from typing import Any

import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Activation, Cropping, Graph, Reshape, Resize, Transpose, ZeroPadding
from codesign.graph.reading import read_model_graph
from codesign.hls import run_csim

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import Pair, convert, fill, full_range, layers  # noqa: E402
from tests.hls.test_csim import check, write  # noqa: E402

pytestmark = pytest.mark.tools

MOVING = (Cropping, Resize, Transpose, ZeroPadding)
SOURCE = "fixed<8,4,TRN,SAT_SYM>"
NARROW = "fixed<5,2,RND_CONV,SAT_SYM>"


def moved(cases: dict[str, tuple[Any, ...]], **options: Any) -> Pair:
    """Layers side by side: by name (layer class, its arguments, shape, whether its result has another type).

    hls4ml gives these layers the type that they read, whatever is stated; where a pass or a layer without a stated type
    makes them differ, their C++ casts. That is done here by hand.
    """
    given, outputs, types = [], [], {}
    for name, (kind, arguments, shape, _) in cases.items():
        given.append(layers().Input(shape, name=f"x_{name}"))
        outputs.append(getattr(layers(), kind)(name=name, **arguments)(given[-1]))
        types[f"x_{name}"] = {"result": SOURCE}
    given.append(layers().Input((3,), name="x_other"))
    outputs.append(layers().Activation("relu", name="other")(given[-1]))
    types["other"] = {"result": NARROW}
    model_graph = convert(keras.Model(given, outputs), types, **options).model_graph
    other = model_graph.graph["other"].get_output_variable().type.precision
    for name, (_, _, _, cast) in cases.items():
        if cast:
            model_graph.graph[name].get_output_variable().type.precision = other
    return Pair(model_graph, read_model_graph(model_graph))


def equal(design: Pair, place, also: tuple[str, ...] = ()) -> Graph:
    made = write(design, place)
    inputs = full_range(made.graph, 200, 3)
    names = {node.name for node in made.graph if isinstance(node, MOVING) or node.name == "other"} | set(also)
    check(made.graph, run_csim(made.folder, inputs, made.work, trace=True), inputs, names)
    return made.graph


CASES: dict[str, tuple[Any, ...]] = {
    "pad_line": ("ZeroPadding1D", {"padding": (2, 1)}, (4, 3), False),
    "pad_line_cast": ("ZeroPadding1D", {"padding": 1}, (4, 3), True),
    "pad_image": ("ZeroPadding2D", {"padding": ((1, 2), (0, 3))}, (3, 4, 2), False),
    "pad_image_cast": ("ZeroPadding2D", {"padding": (1, 2)}, (3, 4, 2), True),
    "crop_line": ("Cropping1D", {"cropping": (1, 2)}, (6, 3), False),
    "crop_line_cast": ("Cropping1D", {"cropping": (0, 1)}, (6, 3), True),
    "crop_image": ("Cropping2D", {"cropping": ((1, 0), (2, 1))}, (4, 6, 2), False),
    "crop_image_cast": ("Cropping2D", {"cropping": 1}, (4, 5, 2), True),
    "up_line": ("UpSampling1D", {"size": 3}, (5, 2), False),
    "up_image": ("UpSampling2D", {"size": (2, 3)}, (3, 4, 2), False),
    "up_image_wide": ("UpSampling2D", {"size": (1, 7)}, (2, 9, 1), False),
    "up_smooth": ("UpSampling2D", {"size": 2, "interpolation": "bilinear"}, (2, 3, 2), False),  # hls4ml's default
    "swap": ("Permute", {"dims": (2, 1)}, (3, 5), False),
    "swap_cast": ("Permute", {"dims": (2, 1)}, (5, 3), True),
    "turn_a": ("Permute", {"dims": (3, 1, 2)}, (2, 3, 4), False),
    "turn_b": ("Permute", {"dims": (2, 1, 3)}, (2, 3, 4), True),
    "turn_c": ("Permute", {"dims": (2, 3, 1)}, (4, 3, 2), False),
    "turn_d": ("Permute", {"dims": (3, 2, 1)}, (4, 3, 2), False),
    "kept": ("Permute", {"dims": (1, 2, 3)}, (4, 3, 2), False),
    "deep": ("Permute", {"dims": (4, 2, 3, 1)}, (2, 3, 2, 3), False),
    "kept_line": ("Permute", {"dims": (1, 2)}, (4, 1), False),
}


@pytest.mark.parametrize(
    ("backend", "io_type"), [("Vitis", "io_parallel"), ("Vitis", "io_stream"), ("Vivado", "io_stream")]
)
def test_layers_that_move_numbers(tmp_path, backend, io_type):
    graph = equal(moved(CASES, io_type=io_type, backend=backend), tmp_path)
    assert {type(node) for node in graph} >= set(MOVING)


def test_channels_first(tmp_path):
    """An image of channels is resized as if its channels were last (a bug)."""
    first = {"data_format": "channels_first"}
    cases = {
        "pad_line": ("ZeroPadding1D", {"padding": (2, 1), **first}, (3, 4), False),
        "pad_image": ("ZeroPadding2D", {"padding": ((1, 2), (0, 3)), **first}, (2, 3, 4), False),
        "crop_image": ("Cropping2D", {"cropping": ((1, 0), (2, 1)), **first}, (2, 4, 6), True),
        "up_image": ("UpSampling2D", {"size": (2, 3), **first}, (2, 3, 4), False),
        "kept": ("Permute", {"dims": (1, 2)}, (4, 3), True),
    }
    equal(moved(cases), tmp_path)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_reshapes(tmp_path, io_type):
    """Streams are cut into packs of another size, and may be cast on the way; arrays are renamed."""
    given, outputs, types = [], [], {}
    shapes = {
        "split": ((4, 6), (8, 3)),
        "join": ((8, 3), (4, 6)),
        "same": ((4, 6), (2, 2, 6)),
        "guess": ((4, 6), (-1, 2)),
        "cast": ((4, 6), (12, 2)),
    }
    if io_type == "io_stream":
        shapes["flat"] = ((4, 3), (12,))
    for name, (old, new) in shapes.items():
        given.append(layers().Input(old, name=f"x_{name}"))
        found = layers().Reshape(new, name=name)(given[-1])
        outputs.append(layers().Activation("relu", name=f"relu_{name}")(found) if name != "flat" else found)
        types |= {f"x_{name}": {"result": SOURCE}, f"relu_{name}": {"result": "ufixed<7,4>"}}
    types["cast"] = {"result": NARROW}
    types.pop("relu_flat", None)
    design = convert(keras.Model(given, outputs), types, io_type=io_type)
    relus = tuple(f"relu_{name}" for name in shapes if name != "flat")
    repacked = tuple(f"repack_{name}" for name in shapes) if io_type == "io_stream" else ()
    graph = equal(design, tmp_path, (*relus, *repacked))
    assert isinstance(graph["repack_cast" if repacked else "cast"], Activation if repacked else Reshape)


REFUSED = [
    ("Permute", {"dims": (1, 2)}, (1, 4), "io_stream", "leaves the order of its two axes as it is"),
    ("Permute", {"dims": (1, 2)}, (3, 2), "io_stream", "leaves the order of its two axes as it is"),
    ("Reshape", {"target_shape": (6, 4)}, (4, 6), "io_stream", "packs of 6 numbers into packs of 4, .* loses numbers"),
    ("UpSampling1D", {"size": 1000}, (1, 2), "io_parallel", "resizes 1 numbers to 1000, .*reads outside"),
    ("ZeroPadding2D", {"data_format": "channels_first"}, (2, 3, 3), "io_stream", "channels_first, .*io_stream"),
    (
        "UpSampling2D",
        {"data_format": "channels_first"},
        (2, 3, 4),
        "io_stream",
        "packs of 4 numbers, but its 2 ch",
    ),
]


@pytest.mark.parametrize(("kind", "arguments", "shape", "io_type", "message"), REFUSED)
def test_what_cannot_be_carried_is_refused_by_name(kind, arguments, shape, io_type, message):
    with pytest.raises(UnsupportedLayerError, match=f"layer '(repack_)?moved'.*{message}"):
        moved({"moved": (kind, arguments, shape, False)}, io_type=io_type)


@pytest.mark.parametrize(
    ("kind", "arguments"), [("UpSampling2D", {}), ("ZeroPadding2D", {"data_format": "channels_first"})]
)
def test_two_types_where_the_template_has_one_are_refused(kind, arguments):
    with pytest.raises(UnsupportedLayerError, match=r"'moved' reads fixed<8,4,.* gives fixed<5,2,.*; state the same"):
        moved({"moved": (kind, arguments, (2, 3, 4), True)})


def test_an_algorithm_that_hls4ml_has_not_is_refused():
    given = layers().Input((3, 2, 1), name="x")
    model = keras.Model(given, layers().UpSampling2D(2, name="moved")(given))
    with pytest.raises(UnsupportedLayerError, match=r"layer 'moved' resizes by 'bilinear', .*use interpolation 'near"):
        convert(model, {}, settings={"moved": {"Algorithm": "bilinear"}})


def test_cropping_what_has_no_stated_type(tmp_path):
    """Cropping, of all layers, then falls back to the model's default type, and casts into it."""
    given = layers().Input((5, 2), name="x")
    found = layers().Cropping1D(1, name="crop")(layers().BatchNormalization(name="norm")(given))
    norm = {"scale": "fixed<12,4>", "bias": "fixed<12,4>", "result": "auto"}
    design = convert(fill(keras.Model(given, found), 3), {"x": {"result": "fixed<12,5>"}, "norm": norm})
    made = write(design, tmp_path)
    inputs = full_range(made.graph, 200, 3)
    check(made.graph, run_csim(made.folder, inputs, made.work, trace=True), inputs, {"norm", "crop"})
    assert made.graph["norm"].result.width > made.graph["crop"].result.width == 16
