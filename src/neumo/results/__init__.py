"""Readings in the formats that people and programs take them in."""
