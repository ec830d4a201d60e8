"""What vendors' tools report of a design: Vitis HLS, Vivado HLS and Vivado."""

from codesign.hls.reports.folder import read_report, read_reports
from codesign.hls.reports.record import FIGURES, Module, Report, Stage

__all__ = ["FIGURES", "Module", "Report", "Stage", "read_report", "read_reports"]
