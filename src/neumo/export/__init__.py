"""Export of a trained run as a bundle: graph, calibration and gate from held-out folds, card, parity check."""
