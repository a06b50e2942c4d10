"""Metrics by subgroup (age, sex, view, size) and the gaps between groups."""
