"""Diagnoses overfitting and underfitting from training curves."""
