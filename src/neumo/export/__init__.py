"""A trained run to a bundle: the graph, its calibration and gate from held-out folds, the card, the parity check."""
