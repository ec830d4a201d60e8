"""Graphs of what hls4ml makes of PyTorch modules, against its compiled C++: `make test-origins` runs this."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codesign import Graph
from codesign.errors import UnsupportedLayerError
from tests.differential.running import compare
from tests.hls.designs import Pair

torch = pytest.importorskip("torch", reason="needs PyTorch: `make test-origins`")
nn = torch.nn

pytestmark = pytest.mark.tools

SAMPLES = 150
STREAMS = ("io_parallel", "io_stream")
CONVERSIONS = {"io_parallel": "full", "io_stream": "internal"}


class Traced(nn.Module):  # type: ignore[misc, name-defined]
    """A module of parts and of a function of them, which hls4ml traces."""

    def __init__(self, run: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        self.run = run
        for name, part in parts.items():
            self.add_module(name, part)


class One(Traced):
    def forward(self, x: Any) -> Any:
        return self.run(self, x)


class Two(Traced):
    def forward(self, x: Any, y: Any) -> Any:
        return self.run(self, x, y)


class Three(Traced):
    def forward(self, x: Any, y: Any, z: Any) -> Any:
        return self.run(self, x, y, z)


def chain(*parts: Any) -> Any:
    return nn.Sequential(*parts)


def filled(module: Any) -> Any:
    """Weights on a grid of 1/32, and statistics that no two channels share."""
    draw = torch.Generator().manual_seed(7)
    for name, values in module.state_dict().items():
        if values.dtype.is_floating_point:
            new = torch.randint(-60, 61, values.shape, generator=draw) / 32
            values.copy_(new.abs() + 0.5 if name.endswith("running_var") else new)
    return module.eval()


def convert(
    module: Any,
    shape: Any,
    io_type: str = "io_parallel",
    *,
    backend: str = "Vitis",
    settings: dict[str, dict[str, Any]] | None = None,
    types: dict[str, dict[str, str]] | None = None,
    **options: Any,
) -> Any:
    import hls4ml

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        config = hls4ml.utils.config_from_pytorch_model(
            filled(module), shape, granularity="name", backend=backend, default_precision="fixed<14,6>", **options
        )
        for layer, values in (types or {}).items():
            config["LayerName"][layer].setdefault("Precision", {}).update(values)
        for layer, values in (settings or {}).items():
            config["LayerName"][layer].update(values)
        return hls4ml.converters.convert_from_pytorch_model(
            module, hls_config=config, backend=backend, io_type=io_type, output_dir="unused", project_name="design"
        )


def equal(place: Path, module: Any, shape: Any, io_type: str = "io_parallel", **options: Any) -> Graph:
    """Assert that a module's Graph equals hls4ml's C++, layer by layer, after it was saved and loaded."""
    made = convert(module, shape, io_type, **options)
    graph = Graph.from_hls4ml(made)
    graph.save(place)
    compare(Pair(made, Graph.load(place)), place, SAMPLES)
    return graph


@pytest.mark.parametrize("io_type", STREAMS)
def test_linear_layers_norms_and_functions(io_type: str, tmp_path: Path) -> None:
    model = chain(
        nn.Linear(10, 12), nn.ReLU(), nn.Linear(12, 8, bias=False), nn.BatchNorm1d(8), nn.LeakyReLU(0.3),
        nn.Linear(8, 8), nn.ELU(0.7), nn.Dropout(0.5), nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 8), nn.Tanh(),
        nn.Linear(8, 8), nn.PReLU(8), nn.Linear(8, 6), nn.Threshold(0.5, 0.0), nn.BatchNorm1d(6, affine=False),
        nn.Softmax(dim=-1),
    )  # fmt: skip
    equal(tmp_path, model, (10,), io_type)


@pytest.mark.parametrize("io_type", STREAMS)
def test_functions_called_by_name(io_type: str, tmp_path: Path) -> None:
    f = nn.functional

    def run(self: Any, x: Any) -> Any:
        x = f.relu(self.first(x))
        x = f.leaky_relu(self.second(x), negative_slope=0.2)
        x = f.elu(self.third(x), alpha=0.5)
        x = torch.sigmoid(x) + torch.tanh(x)
        return f.softmax(self.last(x), dim=-1)

    parts = {name: nn.Linear(6, 6) for name in ("first", "second", "third", "last")}
    equal(tmp_path, One(run, **parts), (6,), io_type)


@pytest.mark.parametrize("io_type", STREAMS)
def test_images_channels_first(io_type: str, tmp_path: Path) -> None:
    model = chain(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 3, (2, 3), stride=(1, 1), bias=False), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 4),
    )  # fmt: skip
    equal(
        tmp_path, model, (2, 10, 12), io_type, channels_last_conversion="full" if io_type == STREAMS[0] else "internal"
    )


@pytest.mark.parametrize("io_type", STREAMS)
def test_sequences_channels_first(io_type: str, tmp_path: Path) -> None:
    model = chain(
        nn.Conv1d(3, 4, 3, padding=1, stride=2), nn.BatchNorm1d(4), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(4, 5, 2), nn.ELU(), nn.AvgPool1d(2), nn.Flatten(), nn.Linear(10, 4),
    )  # fmt: skip
    equal(tmp_path, model, (3, 20), io_type, channels_last_conversion=CONVERSIONS[io_type])


@pytest.mark.parametrize("conversion", ["off", "internal", "full"])
def test_every_conversion_of_channels(conversion: str, tmp_path: Path) -> None:
    model = chain(nn.ConstantPad2d((1, 0, 2, 1), 0.0), nn.ReLU(), nn.UpsamplingNearest2d(scale_factor=2))
    options = {"channels_last_conversion": conversion, "transpose_outputs": conversion == "full"}
    equal(tmp_path, model, (3, 4, 5), **options)


@pytest.mark.parametrize("io_type", STREAMS)
def test_images_padded_and_upsampled(io_type: str, tmp_path: Path) -> None:
    model = chain(nn.ConstantPad2d((1, 0, 2, 1), 0.0), nn.Conv2d(3, 2, 2), nn.Upsample(scale_factor=2), nn.ReLU())
    equal(tmp_path, model, (3, 4, 5), io_type, channels_last_conversion="internal")


@pytest.mark.parametrize("io_type", STREAMS)
def test_sequences_padded_and_upsampled(io_type: str, tmp_path: Path) -> None:
    model = chain(nn.ConstantPad1d((1, 2), 0.0), nn.Conv1d(3, 2, 2), nn.Upsample(scale_factor=3), nn.ELU())
    equal(tmp_path, model, (3, 6), io_type, channels_last_conversion="internal")


@pytest.mark.parametrize("io_type", STREAMS)
def test_sums_products_extremes_and_joins(io_type: str, tmp_path: Path) -> None:
    def run(self: Any, x: Any, y: Any) -> Any:
        found = self.left(x)
        other = self.right(y)
        total = torch.add(found, other)
        product = torch.mul(found, other)
        least = torch.minimum(total, product)
        most = torch.maximum(total, product)
        return torch.cat([torch.sub(most, least), found], dim=1)

    equal(tmp_path, Two(run, left=nn.Linear(5, 6), right=nn.Linear(4, 6)), [(5,), (4,)], io_type)


@pytest.mark.parametrize("io_type", STREAMS)
def test_a_residual_of_images(io_type: str, tmp_path: Path) -> None:
    def run(self: Any, x: Any) -> Any:
        first = nn.functional.relu(self.first(x))
        second = self.second(first)
        return torch.cat([torch.relu(first + second), first], dim=1)

    parts = {"first": nn.Conv2d(2, 3, 1), "second": nn.Conv2d(3, 3, 3, padding=1)}
    equal(tmp_path, One(run, **parts), (2, 4, 5), io_type, channels_last_conversion="internal")


@pytest.mark.parametrize("dim", [1, 2, -1])
def test_sequences_joined_along_any_axis(dim: int, tmp_path: Path) -> None:
    def run(self: Any, x: Any, y: Any) -> Any:
        return torch.cat([nn.functional.relu(x), nn.functional.relu(y)], dim=dim)

    equal(tmp_path, Two(run), [(3, 4), (3, 4)], channels_last_conversion="full")


def test_an_input_that_hls4ml_transposes_for_its_first_reader_alone(tmp_path: Path) -> None:
    def run(self: Any, x: Any) -> Any:
        return torch.add(self.inner(x), x)

    equal(tmp_path, One(run, inner=nn.Conv1d(3, 3, 3, padding=1)), (3, 5), channels_last_conversion="full")


def test_one_slope_for_all_is_refused() -> None:
    made = convert(chain(nn.Linear(3, 4), nn.PReLU()), (3,))
    with pytest.raises(UnsupportedLayerError, match="shares 1 slopes among 4 values"):
        Graph.from_hls4ml(made)


def test_constants_of_the_code(tmp_path: Path) -> None:
    def run(self: Any, x: Any) -> Any:
        return torch.mul(torch.add(self.first(x), 1.25), 0.5)

    equal(tmp_path, One(run, first=nn.Linear(5, 4)), (5,))


@pytest.mark.parametrize("io_type", STREAMS)
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_recurrent_layers(kind: str, io_type: str, tmp_path: Path) -> None:
    def run(self: Any, x: Any) -> Any:
        found, _ = self.cells(x)
        return self.last(found)

    model = One(run, cells=getattr(nn, kind)(3, 4, batch_first=True), last=nn.Linear(4, 2))
    one_type = "fixed<14,6>"
    types = {"cells": {"accum": one_type, "result": one_type}, "x": {"result": one_type}}
    equal(tmp_path, model, (5, 3), io_type, channels_last_conversion="off", types=types)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_recurrent_layers_with_states_given(kind: str, tmp_path: Path) -> None:
    def lstm(self: Any, x: Any, y: Any, z: Any) -> Any:
        found, _ = self.cells(x, (y, z))
        return found

    def gru(self: Any, x: Any, y: Any) -> Any:
        found, _ = self.cells(x, y)
        return found

    cells = getattr(nn, kind)(3, 4, batch_first=True)
    model, states = (Three(lstm, cells=cells), 2) if kind == "LSTM" else (Two(gru, cells=cells), 1)
    names = ("cells", "x", "y", "z")[: states + 2]
    types = {name: {"result": "fixed<14,6>"} for name in names}
    types["cells"]["accum"] = "fixed<14,6>"
    shapes = [(5, 3)] + [(1, 4)] * states
    equal(tmp_path, model, shapes, channels_last_conversion="off", types=types)


def test_a_plain_recurrent_layer_is_refused_by_name() -> None:
    def run(self: Any, x: Any) -> Any:
        found, _ = self.cells(x)
        return found

    made = convert(One(run, cells=nn.RNN(3, 4, batch_first=True)), (5, 3), channels_last_conversion="off")
    with pytest.raises(UnsupportedLayerError, match="SimpleRNN"):
        Graph.from_hls4ml(made)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("conversion", ["internal", "full"])
def test_swapped_steps_are_refused(conversion: str, kind: str) -> None:
    def run(self: Any, x: Any) -> Any:
        found, _ = self.cells(x)
        return found

    types = {name: {"result": "fixed<14,6>"} for name in ("x", "cells")}
    types["cells"]["accum"] = "fixed<14,6>"
    module = One(run, cells=getattr(nn, kind)(3, 4, batch_first=True))
    made = convert(module, (5, 3), channels_last_conversion=conversion, types=types)
    with pytest.raises(UnsupportedLayerError, match=r"steps of 5 numbers.*channels_last_conversion='off'"):
        Graph.from_hls4ml(made)


def test_views_squeezes_and_norms_of_rows(tmp_path: Path) -> None:
    def run(self: Any, x: Any) -> Any:
        rows = self.norm(x.view(-1, 4, 6))
        return torch.squeeze(torch.unsqueeze(torch.flatten(rows, 1), 1), 1)

    equal(tmp_path, One(run, norm=nn.LayerNorm(6)), (24,), channels_last_conversion="off")


def test_contractions(tmp_path: Path) -> None:
    def run(self: Any, x: Any, y: Any) -> Any:
        return torch.einsum("bij,bjk->bik", x, y)

    equal(tmp_path, Two(run), [(3, 4), (4, 2)], channels_last_conversion="off")


@pytest.mark.parametrize("io_type", STREAMS)
def test_the_other_backend(io_type: str, tmp_path: Path) -> None:
    model = chain(nn.Conv2d(2, 3, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4), nn.Softmax(dim=-1))
    equal(tmp_path, model, (2, 5, 5), io_type, backend="Vivado", channels_last_conversion="internal")
