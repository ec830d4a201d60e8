"""What each template of `hls_templates/rtl` is made of, as a function of its parameters; registered by its name."""

from codesign.estimate.rtl.templates import casts, frames, joints, matvec, pooling, steps, windows
from codesign.estimate.rtl.templates.registry import template_pieces

__all__ = ["casts", "frames", "joints", "matvec", "pooling", "steps", "template_pieces", "windows"]
