"""Every error a user can meet, each carrying the exit code of the command line."""

from __future__ import annotations


class CodesignError(Exception):
    """A user's mistake or a refusal, told in one sentence that says how to mend it.

    The message names the file or layer, the offending value, the legal values and the next step.
    """

    exit_code = 2


class ModelFileError(CodesignError):
    """A model file is missing, truncated, corrupt, or unsafe to load."""


class UnsupportedLayerError(CodesignError):
    """A layer or an option of one that this road does not carry, refused by name before work starts."""


class WeightError(CodesignError):
    """A weight is NaN, infinite, or cannot be held exactly."""


class PrecisionError(CodesignError):
    """A fixed-point type is malformed, or no legal type exists."""


class LayerConfigError(CodesignError):
    """What a user states for single layers is malformed, or names a layer that the model lacks."""


class GraphError(CodesignError):
    """A graph is inconsistent, or a saved one is damaged or of a newer format."""


class InputDataError(CodesignError):
    """Input samples have the wrong shape, dtype or values."""


class RecipeError(CodesignError):
    """A recipe has an unknown key, a missing key or an illegal value."""


class OutputError(CodesignError):
    """The output folder cannot be written, or holds something that is not ours."""


class DesignError(CodesignError):
    """A design folder is incomplete, damaged, or written by another version."""


class RtlError(CodesignError):
    """RTL that others made is incomplete, cannot be read, or has ports that the Graph does not fit."""


class RtlBehaviourError(RtlError):
    """RTL in simulation breaks its protocol, or never answers."""

    exit_code = 1


class BoardError(CodesignError):
    """A board is unknown or its description is malformed."""


class EstimateError(CodesignError):
    """A cost cannot be estimated: no model covers the flow, the part or the layer, or a calibration is damaged."""


class ReportError(CodesignError):
    """A vendor's report is missing, truncated, or of another design."""


class ToolMissingError(CodesignError):
    """An external tool is not installed; the message says how to install it."""


class ToolFailedError(CodesignError):
    """An external tool was run and failed; the message names its log."""


class InterruptedRunError(CodesignError):
    """The user stopped the run (Ctrl-C); what was complete stays, the rest is redone."""

    exit_code = 130


class UsageError(CodesignError):
    """The command line itself is wrong."""
