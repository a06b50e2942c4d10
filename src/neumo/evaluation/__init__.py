"""Truth and probabilities to metrics with intervals, figures, reports and comparisons."""
