"""Metrics with intervals, figures, reports and comparisons, from truth and probabilities."""
