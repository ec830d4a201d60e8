"""`convert`: from a model file to a design folder with its Graph, HLS project and RTL project."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from codesign import hls, rtl
from codesign.artifact import is_current, stage, write_atomic
from codesign.board import Board
from codesign.board.rtl_family import rtl_family
from codesign.design import (
    SAMPLES,
    Design,
    claim,
    commit,
    drop_results,
    key_of,
    read_design,
    read_graph,
    samples_bytes,
    uncommit,
)
from codesign.errors import DesignError, ModelFileError, UnsupportedLayerError, UsageError
from codesign.frontend.options import ConvertOptions
from codesign.graph import Graph, digest, save
from codesign.road.building import WORK
from codesign.road.fitting import Fitting, fit
from codesign.simulate.samples import Samples, quantize, read_arrays

Progress = Callable[[str], None]

_PACKAGES = ("codesign", "hls4ml", "keras", "qkeras-v3", "alkaid", "numpy")
# Without a board, projects are made for the part of the first board that ships.
_DEFAULT_PART = "xc7a100tcsg324-1"
_PLAIN = rtl.Facing()


@dataclass(frozen=True)
class Converted:
    """A finished conversion.

    Attributes:
        folder: the design folder.
        design: its record.
        graph: its Graph.
        manifest: of its RTL project; None where the RTL flow cannot build the Graph (`design.rtl_refused` says why).
        reused: everything was there already, made from the same model, options and versions.
        samples: what became of the samples kept for verification; None where none were given.
    """

    folder: Path
    design: Design
    graph: Graph
    manifest: rtl.Manifest | None
    reused: bool
    samples: Samples | None


def _versions() -> dict[str, str]:
    return {package: version for package in _PACKAGES if (version := _version(package))}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _model_files(model: Path, weights: Path | None) -> dict[str, bytes]:
    """The bytes that the model is made of, by what they are called in a design folder.

    Raises:
        ModelFileError: they cannot be read.
    """
    suffix = model.suffix.lower()
    files = {f"model{suffix}": model}
    if weights is None and suffix == ".json":
        beside = [model.with_name(f"{model.stem}_weights{end}") for end in (".h5", ".weights.h5")]
        weights = next((path for path in beside if path.is_file()), None)
    if weights is not None:
        files[f"model_weights{weights.suffix.lower()}"] = weights
    try:
        return {name: path.read_bytes() for name, path in files.items()}
    except OSError as error:
        raise ModelFileError(f"{error.filename} cannot be read ({error.strerror}); name an existing model") from error


def _reusable(folder: Path, key: str) -> Converted | None:
    """The design that is there already, whole and made from the same inputs; None otherwise."""
    try:
        design = read_design(folder)
        projects = ("hls",) if design.rtl_refused else ("hls", "rtl")
        if design.key != key or not all(is_current(folder / name, key) for name in projects):
            return None
        manifest = None if design.rtl_refused else rtl.Manifest.load(folder / "rtl")
        return Converted(folder, design, read_graph(folder, design, Graph), manifest, True, None)
    except (DesignError, OSError):
        return None


def _rtl_refused(graph: Graph) -> str:
    """Why the RTL flow cannot build the Graph; '' where it can."""
    try:
        rtl.check_supported(graph)
    except UnsupportedLayerError as error:
        return str(error)
    return ""


def _folding(fitting: Fitting | None, multipliers: rtl.Multipliers) -> dict[str, Any]:
    """How the writer of the RTL project is to fold."""
    if fitting is None:
        return {"multipliers": multipliers}
    counts = (fitting.board.name, fitting.counts)
    return {"reuse": fitting.reuse, "multipliers": fitting.multipliers, "fitted": counts}


def convert(
    model_path: Path,
    folder: Path,
    options: ConvertOptions,
    *,
    weights: Path | None = None,
    board: Board | None = None,
    data: Path | None = None,
    facing: rtl.Facing = _PLAIN,
    fits: bool = False,
    multipliers: rtl.Multipliers = rtl.Multipliers.AUTO,
    language: rtl.Language = rtl.Language.VERILOG,
    progress: Progress = lambda text: None,
) -> Converted:
    """Make a design folder from a model file; nothing is written before the model is known to be carried.

    Args:
        model_path: `.keras`, legacy `.h5`, or `.json` with its weights.
        folder: the design folder; empty, new, or one of ours.
        options: what is asked for; its part gives way to the board's.
        weights: of a `.json` model, where they do not lie beside it.
        board: that RTL and HLS are made for.
        data: `.npy` or `.npz` of samples to keep for verification.
        facing: what is asked of the RTL's ports.
        fits: seek the smallest reuse factor at which the RTL fits the board, in place of the model's own.
        multipliers: what those of folded layers are made of.
        language: of the RTL.
        progress: told what is being done.

    Raises:
        CodesignError: the model, the data or the folder is refused; the message says why.
    """
    if fits and board is None:
        raise UsageError("--fit needs a board to fit")
    if fits and language is not rtl.Language.VERILOG:
        raise UsageError(f"--fit folds layers, which are written in Verilog alone; drop --language {language.value}")
    part = board.part if board is not None else _DEFAULT_PART
    options = replace(options, part=part)
    from codesign.frontend.loading import load_model

    if not model_path.is_file():
        load_model(model_path, weights)  # refuses it with its own message
    files = _model_files(model_path, weights)
    arrays = read_arrays(data) if data is not None else None
    board_name = board.name if board is not None else ""
    texts: Mapping[str, Any] = {
        "options": {k: str(v) for k, v in asdict(options).items()},
        "board": board_name,
        "facing": {k: str(v) for k, v in asdict(facing).items()},
        "fits": board.document()["resources"] if fits and board is not None else None,
        "multipliers": multipliers.value,
        "language": language.value,
        "versions": _versions(),
    }
    data_bytes = data.read_bytes() if data is not None else b""
    key = key_of(texts, *[part for name in sorted(files) for part in (name, files[name])], data_bytes)
    found = _reusable(folder, key)
    if found is not None:
        progress("the design is up to date")
        return found
    progress("loading the model")
    model = load_model(model_path, weights)
    from codesign.frontend.convert import convert as convert_model

    progress("converting with hls4ml")
    origin = {"model": model_path.name, "model_sha256": hashlib.sha256(files[next(iter(files))]).hexdigest()}
    converted = convert_model(model, options, origin=origin, cls=Graph)
    graph = converted.graph
    facing.check(graph)
    rtl.check_language(language, facing)
    if language is not rtl.Language.VERILOG:
        rtl.check_supported(graph, language=language)
    rtl_refused = _rtl_refused(graph)
    samples = quantize(graph, arrays, where=str(data)) if arrays is not None else None

    if fits and rtl_refused:
        raise UnsupportedLayerError(rtl_refused)
    claim(folder)
    # Nothing that is there already is touched before it is known that the design fits.
    fitting = None
    if fits and board is not None:
        work = folder / WORK / "fit"
        fitting = fit(
            graph,
            board,
            clock_ns=options.clock_ns,
            work=work,
            facing=facing,
            multipliers=multipliers,
            progress=progress,
        )
    uncommit(folder)
    drop_results(folder, without_rtl=bool(rtl_refused))
    for name, content in files.items():
        write_atomic(folder / name, content)
    save(graph, folder)
    if samples is not None:
        write_atomic(folder / SAMPLES, samples_bytes(samples.inputs))
    else:
        (folder / SAMPLES).unlink(missing_ok=True)
    progress("writing the HLS project")
    with stage(folder / "hls", key) as temporary:
        hls.write_project(converted.model_graph, graph, temporary)
    manifest = None
    if not rtl_refused:
        progress("writing the RTL project")
        with stage(folder / "rtl", key) as temporary:
            manifest = rtl.write_project(
                graph,
                temporary,
                clock_ns=options.clock_ns,
                family=rtl_family(board),
                part=options.part,
                facing=facing,
                **_folding(fitting, multipliers),
                language=language,
            )
    design = Design(
        key=key,
        graph_digest=digest(graph),
        model=next(iter(files)),
        layer_nodes=converted.layer_nodes,
        clock_ns=options.clock_ns,
        board=board_name,
        head=options.head.value,
        versions=_versions(),
        rtl_refused=rtl_refused,
    )
    commit(folder, design)
    return Converted(folder, design, graph, manifest, False, samples)
