"""The road from end to end: each stage of the command line, put together from the packages that do the work."""
