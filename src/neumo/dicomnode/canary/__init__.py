"""Canary: a known radiograph through a whole running node, its result compared with the expected one."""
