"""Readings on record, with people's views and decisions: storage, search, export, and a tamper-evident audit log."""
