"""Commissioning: a hospital examines a bundle on its own radiographs, sets it, accepts it and signs for it."""
