"""What Vitis HLS reports for the hls4ml project of a Graph."""
