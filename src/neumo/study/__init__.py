"""Whole steps over runs and bundles: evaluate, compare, reproduce the study's four runs."""
