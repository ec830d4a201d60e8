"""Proofs that a layer's RTL is what the Graph defines, for every input word there is."""
