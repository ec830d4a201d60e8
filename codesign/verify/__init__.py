"""The ladder: what each rung answers, and where it first differs from the Graph."""
