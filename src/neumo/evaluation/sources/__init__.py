"""Metrics within each source (hospital, archive) of a data set, never pooled over sources."""
