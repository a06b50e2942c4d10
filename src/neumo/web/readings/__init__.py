"""Uploads, jobs, reading files, group commit, rendering and blinding."""
