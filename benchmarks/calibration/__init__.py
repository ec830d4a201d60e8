"""The measurements that the cost models of `codesign.estimate` are fitted to, and the fits."""
