"""`codesign.Graph`: the Graph with the verbs that users call on it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from codesign import graph as base
from codesign.errors import DesignError, UsageError
from codesign.graph.fixed_point import FixedPoint
from codesign.simulate.engine import predict_numbers
from codesign.simulate.samples import InputCounts, Samples, ports_of, quantize
from codesign.simulate.trace import LayerTrace, trace

if TYPE_CHECKING:
    from codesign.estimate import Estimate

E = TypeVar("E", bound=Enum)

Data = npt.ArrayLike | Mapping[str, npt.ArrayLike]


class InputRoundedWarning(UserWarning):
    """Some input values were not on the grid of the input type, or outside its range."""


def _warn_of_rounding(given: InputCounts, stacklevel: int) -> None:
    if given.rounded or given.overflowed:
        warnings.warn(
            f"of {given.total} input values, {given.rounded} were rounded to the input type and "
            f"{given.overflowed} were outside its range",
            InputRoundedWarning,
            stacklevel=stacklevel + 1,
        )


def _one_of(kind: type[E], value: str, what: str) -> E:
    """A text as the choice that it names.

    Raises:
        UsageError: it names none.
    """
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"{what} {value!r:.80} is none of {', '.join(str(item.value) for item in kind)}") from None


def _types(precision: Mapping[str, Mapping[str, str]] | None) -> dict[str, dict[str, FixedPoint]]:
    """Types by layer and hls4ml's type name, from texts."""
    stated = (precision or {}).items()
    return {layer: {key: FixedPoint.parse(text) for key, text in types.items()} for layer, types in stated}


class Graph(base.Graph):
    """A design: what the hardware computes, as frozen integers, with everything one can ask of it."""

    @classmethod
    def from_keras(
        cls,
        model: Any,
        precision: Mapping[str, Mapping[str, str]] | None = None,
        *,
        input_precision: str = "fixed<16,6>",
    ) -> Graph:
        """Convert a Keras or QKeras model through hls4ml.

        Args:
            model: a built `keras.Model`, Sequential or functional.
            precision: types that differ from the derived ones, by layer name and hls4ml's type name
                (weight, bias, accum, result, scale, …), as texts such as `fixed<8,2,RND,SAT>`.
            input_precision: type of the inputs.

        Raises:
            UnsupportedLayerError: a layer or option of one is not carried.
            WeightError: a weight is NaN, infinite, or too fine to be held exactly.
            PrecisionError: a type is malformed or does not belong to the model.
        """
        from codesign.frontend.convert import convert
        from codesign.frontend.options import ConvertOptions

        options = ConvertOptions(input_type=FixedPoint.parse(input_precision), precision=_types(precision))
        return convert(model, options, cls=cls).graph

    @classmethod
    def from_hls4ml(cls, hls_model: Any) -> Graph:
        """Read an hls4ml ModelGraph (backend Vivado or Vitis), types as hls4ml chose them.

        Raises:
            UnsupportedLayerError: a layer, option or type is not carried.
        """
        from codesign.graph.reading import read_model_graph

        return read_model_graph(hls_model, cls=cls)

    @classmethod
    def load(cls, folder: str | Path) -> Graph:
        """Read a saved Graph, or the Graph of a design folder.

        Raises:
            GraphError: files are missing, damaged, or of a newer format.
        """
        return base.load(Path(folder), cls)

    def save(self, folder: str | Path) -> None:
        """Write `graph.json` and `graph.npz` into a folder.

        Raises:
            OutputError: it cannot be written.
        """
        base.save(self, Path(folder))

    def _samples(self, x: Data) -> Samples:
        samples = quantize(self, x)
        _warn_of_rounding(samples, 3)
        return samples

    def predict(self, x: Data) -> npt.NDArray[np.float64] | tuple[npt.NDArray[np.float64], ...]:
        """The outputs as floats that stand for the exact integers (exact up to 53 significant bits).

        Args:
            x: (samples, *shape) numbers for the only input, or by input name.

        Returns:
            (samples, *shape) for the only output; a tuple in the order of `outputs` for several.

        Raises:
            InputDataError: wrong shapes, names or dtypes, no samples, NaN or infinite values.
        """
        found = predict_numbers(self, ports_of(self, x))
        _warn_of_rounding(found, 2)
        floats = tuple(found.outputs[name] for name in self.outputs)
        return floats[0] if len(floats) == 1 else floats

    def trace(self, x: Data) -> tuple[LayerTrace, ...]:
        """Per layer the integers, their range, counts of rounding and overflow, headroom and dead bits.

        Raises:
            InputDataError: as `predict`.
        """
        return trace(self, self._samples(x).inputs)

    def estimate(
        self,
        board: str | Path | None = None,
        *,
        part: str | None = None,
        flow: str = "rtl",
        clock_ns: float | None = None,
        reuse: int | Mapping[str, int] | None = None,
        precision: Mapping[str, Mapping[str, str]] | None = None,
        multipliers: str = "auto",
        io_type: str = "io_parallel",
        uncalibrated: bool = False,
        clock_uncertainty: float = 0.125,
        quick: bool = False,
    ) -> Estimate:
        """What the design is expected to cost, before any tool runs.

        Args:
            board: that ships with codesign, or the path of a board's YAML.
            part: in place of a board, as vendors order it.
            flow: `rtl`, our own RTL as Yosys counts it, or `vitis`, the hls4ml project as Vitis HLS reports it.
            clock_ns: clock period in ns; 10 without it.
            reuse: reuse factor of every layer that has one, or by layer; the Graph's own without it.
            precision: types in place of the Graph's, as for `from_keras`.
            multipliers: what they are made of: `auto`, `dsp` or `lut`.
            io_type: of the hls4ml project: `io_parallel` or `io_stream`.
            uncalibrated: estimate parts of families without a calibration, too, with wider intervals.
            clock_uncertainty: part of the period that Vitis HLS leaves for routing; hls4ml's Vitis projects of today
                state 0.27.
            quick: predict the RTL's unrolled logic from the weights in place of tracing it: a thousand estimates a
                second, with wider intervals, a latency that may be off, and no Fmax.

        Returns:
            A frozen `codesign.estimate.Estimate`: each figure with `value`, `low` and `high`; None where not known.

        Raises:
            UsageError: board and part are both given, or neither; flow, multipliers or io_type is none of these.
            BoardError: the board is unknown.
            EstimateError: a layer is unknown, or there is no calibration for the part.
            PrecisionError: a type is malformed, or its layer cannot have it.
            UnsupportedLayerError: the flow cannot build a layer.
        """
        from codesign.estimate import Flow, IoType
        from codesign.road.estimating import Asked, estimate_graph
        from codesign.rtl import Multipliers

        asked = Asked(
            flow=_one_of(Flow, flow, "flow"),
            board="" if board is None else str(board),
            part=part or "",
            uncalibrated=uncalibrated,
            clock_ns=clock_ns,
            reuse=reuse,
            multipliers=_one_of(Multipliers, multipliers, "multipliers"),
            io_type=_one_of(IoType, io_type, "io_type"),
            precision=_types(precision),
            clock_uncertainty=clock_uncertainty,
            quick=quick,
        )
        return estimate_graph(self, asked)

    def verify(
        self,
        x: Data,
        rungs: Sequence[str] = ("rtl",),
        *,
        design: str | Path | None = None,
        clock_ns: float = 10.0,
    ) -> tuple[Any, ...]:
        """Climb rungs of the ladder with these samples.

        Args:
            x: as for `predict`.
            rungs: of `keras`, `csim` and `rtl`.
            design: the design folder whose model, HLS and RTL projects answer; without one, RTL is written
                afresh in a temporary folder, and the other rungs cannot be climbed.
            clock_ns: clock period of RTL written afresh.

        Returns:
            A `codesign.verify.rung.RungResult` for each rung.

        Raises:
            DesignError: a rung needs a design folder and none is given.
            InputDataError: as `predict`.
        """
        import tempfile

        from codesign.road.verification import climb_design, climb_fresh_rtl

        inputs = self._samples(x).inputs
        if design is not None:
            return tuple(climb_design(Path(design), self, inputs, rungs))
        if tuple(rungs) != ("rtl",):
            raise DesignError(
                f"rungs {', '.join(rungs)} need a design folder; give design=DIR of `codesign convert`, "
                "or rungs=('rtl',)"
            )
        with tempfile.TemporaryDirectory(prefix="codesign-") as folder:
            return tuple(climb_fresh_rtl(Path(folder), self, inputs, clock_ns))

    def verify_rtl(
        self,
        x: Data,
        rtl: str | Path | None = None,
        *,
        out: str | Path,
        project: str | Path | None = None,
        top: str = "",
        protocol: str | None = None,
        latency: int | None = None,
        interval: int | None = None,
        ports: Mapping[str, str] | None = None,
        ties: Mapping[str, int] | None = None,
        slot: int | None = None,
        seed: int = 0,
    ) -> Any:
        """Hold RTL that others made against this Graph, in value and in cycle.

        Args:
            x: as for `predict`.
            rtl: folder of its Verilog and memory files; found in `project` without it.
            out: folder for results, logs and the built simulator.
            project: of the HLS tool.
            top: the top module; found in the project without it.
            protocol: `ap_ctrl_hs`, `axis` or `valid_ready`; told by the ports' names without it.
            latency: cycles claimed from a start to its answer; the vendor's report without it.
            interval: cycles claimed from one answer to the next; likewise.
            ports: by input or output of the Graph, the design's port, where name and order do not tell.
            ties: by input port of the design, the value that it is held at.
            slot: bits from one number to the next in a stream; told by its width without it.
            seed: of pauses, and of what registers hold before they are written.

        Returns:
            A `codesign.road.foreign_rtl.Checked`.

        Raises:
            RtlError: the RTL is incomplete, does not fit the Graph, or does not elaborate.
            RtlBehaviourError: it never answers, breaks its protocol, or answers what is unknown.
            InputDataError: as `predict`.
        """
        from codesign.road.foreign_rtl import Check, check_design
        from codesign.verify.vendor.design import Where
        from rtl_sim.interface import Protocol

        where = Where(
            rtl=None if rtl is None else Path(rtl),
            project=None if project is None else Path(project),
            top=top,
            protocol=None if protocol is None else Protocol(protocol),
            chosen=ports or {},
            ties=ties or {},
            slot=slot,
        )
        return check_design(self, where, self._samples(x).inputs, Path(out), Check(latency, interval, seed))
