"""Explanations: class maps to heat maps and overlays, occlusion, alarms."""
