"""Metrics on corrupted images, by kind and severity."""
