"""Running the compiled C simulation on raw integers and reading its answers back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.artifact import make_folder, stage
from codesign.errors import InputDataError, ToolFailedError
from codesign.graph.cast import Integers
from codesign.graph.floating import holds
from codesign.hls.compile import FIRMWARE, compile_csim
from codesign.hls.manifest import Manifest, Port
from codesign.hls.words import Words, from_words, to_words, words_each
from codesign.toolchain.process import last_lines, run_tool

_FOLDER = "run"
_LOG = "run.log"
_LIMIT_S = 3600.0


# What `ap_int(double)` says of every number from 1 to 2: it keeps one byte of the exponent that it looks for.
_FALSE_ALARM = "WARNING: assign NaN to ap integer value"


@dataclass(frozen=True)
class CsimRun:
    """What the C simulation answered; all values are (samples, *shape) integers of the Graph node's type.

    Attributes:
        outputs: for each output of the design.
        layers: for each layer that was traced; empty without a trace.
    """

    outputs: Mapping[str, Integers]
    layers: Mapping[str, Integers]


def check_inputs(manifest: Manifest, inputs: Mapping[str, Integers]) -> int:
    """The number of samples in `inputs`.

    Raises:
        InputDataError: a port is missing or unknown, a shape, dtype or range is wrong, or sample counts differ.
    """
    names = [port.name for port in manifest.inputs]
    if set(inputs) != set(names):
        raise InputDataError(f"inputs are named {sorted(inputs)}, but the HLS project's ports are {names}")
    for port in manifest.inputs:
        values, type_ = inputs[port.name], port.type
        if values.shape[1:] != port.shape or values.ndim == 0:
            raise InputDataError(
                f"input {port.name!r} has shape {values.shape}, expected (samples, {', '.join(map(str, port.shape))})"
            )
        if values.dtype != object and values.dtype.kind not in "iu":
            raise InputDataError(f"input {port.name!r} has dtype {values.dtype}, expected integers of {type_}")
        if values.size and (int(values.min()) < type_.min_int or int(values.max()) > type_.max_int):
            raise InputDataError(
                f"input {port.name!r} spans integers [{values.min()}, {values.max()}], but {type_} holds "
                f"[{type_.min_int}, {type_.max_int}]"
            )
        if not holds(values, type_):
            raise InputDataError(f"input {port.name!r} holds integers that have more digits than a {type_}")
    samples = {values.shape[0] for values in inputs.values()}
    if len(samples) != 1:
        raise InputDataError(f"inputs have different numbers of samples: {sorted(samples)}; give as many for each")
    return int(samples.pop())


def run_csim(folder: Path, inputs: Mapping[str, Integers], work: Path, *, trace: bool = False) -> CsimRun:
    """Run the C simulation of an HLS project, compiling it first where that was not done yet.

    Args:
        folder: an HLS project, as `write_project` left it; nothing is written there.
        inputs: for each port, (samples, *shape) integers of its type.
        work: takes the program and what it needs while it runs.
        trace: also give the results of the layers inside, where doubles hold them exactly.

    Raises:
        DesignError: `folder` holds no whole HLS project.
        InputDataError: as `check_inputs`.
        ToolMissingError: g++ is not installed.
        ToolFailedError: the project does not compile, or the program fails or complains.
        OutputError: `work` cannot be written.
    """
    manifest = Manifest.load(folder)
    samples = check_inputs(manifest, inputs)
    program = compile_csim(folder, work).resolve()
    words = [to_words(inputs[port.name], port.type) for port in manifest.inputs]
    layers = manifest.layers if trace else ()
    make_folder(work)
    with stage(work / _FOLDER, _FOLDER) as place:
        given, found, log = place / "inputs.bin", place / "results.bin", work / _LOG
        given.write_bytes(np.ascontiguousarray(np.concatenate(words, axis=1), dtype="<u8").tobytes())
        run_tool(
            "the C simulation",
            [program, str(samples), str(int(trace)), given, found],
            folder=folder / FIRMWARE,
            log=log,
            limit_s=_LIMIT_S,
            environment={"LC_ALL": "C", "TMPDIR": str(place)},
        )
        if set(log.read_text(errors="replace").splitlines()) - {_FALSE_ALARM}:
            # hls4ml's C++ goes on after a broken weight file or an empty stream: it only prints.
            raise ToolFailedError(f"the C simulation of {folder} complained: {last_lines(log)}; its log is {log}")
        results = _read(found, samples, manifest, layers)
        given.unlink()
        found.unlink()
    return results


def _read(path: Path, samples: int, manifest: Manifest, layers: Sequence[Port]) -> CsimRun:
    """The program's file of results: for each sample the words of each output, then the doubles of each layer.

    Raises:
        ToolFailedError: it has another length.
    """
    widths = [port.size * words_each(port.type) for port in manifest.outputs] + [port.size for port in layers]
    raw = np.fromfile(path, dtype="<u8")
    if raw.size != samples * sum(widths):
        raise ToolFailedError(
            f"the C simulation gave {raw.size} words for {samples} samples, expected {samples * sum(widths)}; "
            "convert the model again"
        )
    parts = iter(np.split(raw.reshape(samples, sum(widths)), np.cumsum(widths)[:-1], axis=1))
    outputs = {port.name: from_words(next(parts), port.type, port.shape) for port in manifest.outputs}
    return CsimRun(outputs, {port.name: _integers(next(parts), port) for port in layers})


def _integers(words: Words, port: Port) -> Integers:
    """The integers behind a layer's doubles.

    Raises:
        ToolFailedError: a double is none of the layer's numbers.
    """
    if port.type.significant is not None:
        return from_words(words, port.type, port.shape)
    scaled = np.ldexp(np.ascontiguousarray(words).view("<f8"), port.type.fraction)
    if not (np.all(scaled == np.rint(scaled)) and np.all(np.abs(scaled) <= 2.0**53)):
        raise ToolFailedError(f"the C simulation traced numbers of layer {port.name!r} that {port.type} does not hold")
    return np.asarray(scaled, dtype=np.int64).reshape(-1, *port.shape)
