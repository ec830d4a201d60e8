"""Simulating an RTL project clock by clock: Verilator (or Icarus) under cocotb, driven by `rtl_sim`."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from codesign.artifact import is_current, make_folder, stage, write_atomic
from codesign.errors import DesignError, InputDataError, ToolFailedError, ToolMissingError
from codesign.rtl import Bus, Manifest
from codesign.simulate import Integers
from codesign.toolchain.process import last_lines, run_tool
from codesign.toolchain.verilator import VerilatorInstall, find_verilator
from rtl_sim import icarus, verilator
from rtl_sim.job import FAILURE, VARIABLE, Answers, Job, Signal, Stimulus
from rtl_sim.packing import pack, unpack

_BUILD_LIMIT_S = 3600.0
_SECONDS_A_CYCLE = 0.2
_TESTBENCH = "rtl_sim.testbench"


@dataclass(frozen=True)
class RtlRun:
    """What the RTL answered.

    Attributes:
        outputs: by output node, (n, *shape) integers of its type.
        layers: by node, (n, *shape) integers of its type; empty where they were not asked for.
        latency_cycles: clock edges from the one that takes a sample in to the one that finds its outputs, as
            measured; None where it was not the same for all samples, or there were none.
        interval: clock cycles between answers to samples given back to back, as measured; None where there were none.
    """

    outputs: dict[str, Integers]
    layers: dict[str, Integers]
    latency_cycles: int | None
    interval: int | None


@dataclass(frozen=True)
class _Icarus:
    """The simulator to fall back on."""

    compiler: Path
    runtime: Path
    version: str = "icarus"


def _simulator() -> VerilatorInstall | _Icarus:
    if importlib.util.find_spec("cocotb") is None:
        raise ToolMissingError("cocotb, which drives the RTL, is not installed: pip install 'codesign[rtl]'")
    try:
        return find_verilator()
    except ToolMissingError:
        compiler, runtime = shutil.which("iverilog"), shutil.which("vvp")
        if compiler is None or runtime is None:
            raise
        return _Icarus(Path(compiler), Path(runtime))


def _sources(project: Path, manifest: Manifest) -> dict[str, bytes]:
    """The Verilog as it stands now; nobody asks whether it is what was written once."""
    try:
        return {name: (project / name).read_bytes() for name in manifest.sources}
    except OSError as error:
        raise DesignError(f"{error.filename} cannot be read ({error.strerror}); write the RTL project again") from error


def _build_key(sources: Mapping[str, bytes], control: str, simulator: VerilatorInstall | _Icarus) -> str:
    total = hashlib.sha256()
    folder = Path()
    commands = [
        *verilator.verilate(Path("verilator"), "top", [], folder),
        *verilator.compile_command([]),
        simulator.version,
        type(simulator).__name__,
    ]
    for part in (*commands, control, *(item for name, text in sources.items() for item in (name, text))):
        data = part if isinstance(part, bytes) else part.encode()
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


def _compile(simulator: VerilatorInstall | _Icarus, top: str, sources: list[Path], build: Path, log: Path) -> None:
    if isinstance(simulator, _Icarus):
        write_atomic(build / icarus.TIMESCALE, icarus.TIMESCALE_TEXT)
        command = icarus.compile_command(str(simulator.compiler), top, sources)
        run_tool("Icarus Verilog", command, folder=build, log=log / "icarus.log", limit_s=_BUILD_LIMIT_S)
        return
    environment = simulator.environment()
    run_tool(
        "Verilator",
        verilator.verilate(simulator.binary, top, sources, build),
        folder=build,
        log=log / "verilator.log",
        limit_s=_BUILD_LIMIT_S,
        environment=environment,
    )
    run_tool(
        "make, for the simulator,",
        verilator.compile_command(simulator.make_arguments()),
        folder=build,
        log=log / "make.log",
        limit_s=_BUILD_LIMIT_S,
        environment=environment,
    )


def _built(project: Path, manifest: Manifest, work: Path, simulator: VerilatorInstall | _Icarus) -> Path:
    """The folder of a simulator made from the Verilog as it stands; made now unless the same was made before."""
    control = verilator.visible(
        manifest.top,
        [manifest.clock, manifest.reset, manifest.in_valid, *(bus.signal for bus in manifest.inputs)],
        [manifest.out_valid, *(bus.signal for bus in (*manifest.outputs, *manifest.layers))],
    )
    texts = _sources(project, manifest)
    key = _build_key(texts, control, simulator)
    folder = work / f"simulator-{key[:16]}"
    if is_current(folder, key):
        return folder
    with stage(folder, key) as temporary:
        build = make_folder(temporary / "build")
        write_atomic(build / verilator.VISIBLE, control)
        paths = []
        for index, (name, text) in enumerate(texts.items()):
            paths.append(Path(f"{index:03d}_{PurePosixPath(name).name}"))
            write_atomic(build / paths[-1], text)
        _compile(simulator, manifest.top, paths, build, work)
        program = icarus.PROGRAM if isinstance(simulator, _Icarus) else verilator.PROGRAM
        (build / program).replace(temporary / program)
        shutil.rmtree(build)
    return folder


def _words(manifest: Manifest, inputs: Mapping[str, Integers]) -> tuple[dict[str, npt.NDArray[np.uint8]], int]:
    names = [bus.node for bus in manifest.inputs]
    if set(inputs) != set(names):
        raise InputDataError(f"inputs are named {sorted(inputs)}, but the RTL's are {names}")
    words, counts = {}, set()
    for bus in manifest.inputs:
        values = np.asarray(inputs[bus.node])
        if values.shape[1:] != bus.shape or (values.dtype.kind not in "iu" and values.dtype != object):
            raise InputDataError(
                f"input {bus.node!r} is {values.dtype} of shape {values.shape}, "
                f"expected integers of shape (samples, {', '.join(map(str, bus.shape))})"
            )
        low, high = (-(1 << (bus.bits - 1)), (1 << (bus.bits - 1)) - 1) if bus.signed else (0, (1 << bus.bits) - 1)
        if values.size and (int(values.min()) < low or int(values.max()) > high):
            raise InputDataError(
                f"input {bus.node!r} spans [{values.min()}, {values.max()}], but {bus.type} holds [{low}, {high}]"
            )
        counts.add(values.shape[0])
        words[bus.signal] = pack(values.reshape(values.shape[0], bus.elements), bus.bits)
    if len(counts) != 1:
        raise InputDataError(f"inputs have different numbers of samples: {sorted(counts)}")
    return words, counts.pop()


def _gaps(samples: int, seed: int) -> npt.NDArray[np.int64]:
    """Idle cycles before each sample: none in the first half of a run, now and then one to four in the second."""
    rng = np.random.default_rng(seed)
    gaps = np.where(rng.random(samples) < 0.3, rng.integers(1, 5, samples), 0).astype(np.int64)
    gaps[: (samples + 1) // 2] = 0
    return gaps


def _simulate(
    simulator: VerilatorInstall | _Icarus, program: Path, manifest: Manifest, job: Job, stimulus: Stimulus, work: Path
) -> Answers:
    log = work / "simulation.log"
    samples = int(stimulus.gaps.size)
    with stage(work / "run", "last run") as folder:
        job.save(folder)
        stimulus.save(folder)
        environment = {
            **verilator.run_environment(manifest.top, _TESTBENCH, folder / "results.xml"),
            VARIABLE: str(folder),
        }
        if isinstance(simulator, _Icarus):
            command = icarus.run_command(str(simulator.runtime), program)
        else:
            command = verilator.run_command(program, job.seed)
        cycles = samples + int(stimulus.gaps.sum()) + job.patience
        run_tool(
            "the RTL simulator",
            command,
            folder=folder,
            log=log,
            limit_s=120 + _SECONDS_A_CYCLE * cycles,
            environment=environment,
        )
        if (folder / FAILURE).is_file():
            raise ToolFailedError(f"the RTL of {manifest.top}: {(folder / FAILURE).read_text()}; the log is {log}")
        try:
            return Answers.load(folder)
        except (OSError, ValueError, KeyError) as error:
            raise ToolFailedError(
                f"the RTL simulator gave no answers; its log is {log}, which ends: {last_lines(log)}"
            ) from error


def _values(answers: Answers, bus: Bus, samples: int) -> Integers:
    numbers = unpack(answers.words[bus.signal], bus.elements, bus.bits, signed=bus.signed)
    return numbers.reshape(samples, *bus.shape)


def _signals(buses: tuple[Bus, ...]) -> tuple[Signal, ...]:
    return tuple(Signal(bus.signal, bus.width, bus.offset) for bus in buses)


def simulate_rtl(
    project: Path, inputs: Mapping[str, Integers], work: Path, *, layers: bool = False, seed: int = 0
) -> RtlRun:
    """What an RTL project answers, its Verilog simulated as it stands.

    Args:
        project: folder with `manifest.json`.
        inputs: by input node, (n, *shape) integers of its type.
        work: where the built simulator, its logs and the last run go; the same Verilog is built once.
        layers: also read every node's result.
        seed: of the gaps between samples, the noise in them, and what registers hold before reset.

    Raises:
        DesignError: the manifest or a source is missing or damaged.
        InputDataError: the inputs do not fit the ports.
        ToolMissingError: no simulator is installed.
        ToolFailedError: the RTL does not build, gives an answer that nobody asked for, or never answers.
    """
    manifest = Manifest.load(project)
    words, samples = _words(manifest, inputs)
    simulator = _simulator()
    make_folder(work)
    work = work.resolve()
    inside = manifest.layers if layers else ()
    program = _built(project, manifest, work, simulator)
    job = Job(
        clock=manifest.clock,
        reset=manifest.reset,
        in_valid=manifest.in_valid,
        out_valid=manifest.out_valid,
        inputs=_signals(manifest.inputs),
        outputs=_signals(manifest.outputs),
        layers=_signals(inside),
        seed=seed,
        patience=1000 + 4 * manifest.latency_cycles,
    )
    answers = _simulate(simulator, program, manifest, job, Stimulus(words, _gaps(samples, seed)), work)
    latencies = set((answers.given - answers.taken).tolist())
    steps = np.diff(answers.given)[np.diff(answers.taken) == 1]
    return RtlRun(
        outputs={bus.node: _values(answers, bus, samples) for bus in manifest.outputs},
        layers={bus.node: _values(answers, bus, samples) for bus in inside},
        latency_cycles=latencies.pop() if len(latencies) == 1 else None,
        interval=int(steps.max()) if steps.size else None,
    )
