"""Synthetic chest radiographs (phantoms), drawn from a seed."""
