"""Sanity checks of heat maps: randomised weights, thorax share, deletion and insertion."""
