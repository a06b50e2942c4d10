"""Class maps to heat maps and overlays."""
