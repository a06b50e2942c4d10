"""Runs and bundles as the research view shows them."""
