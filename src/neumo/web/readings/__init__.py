"""Uploads, jobs, stored readings, rendering and the worklist."""
