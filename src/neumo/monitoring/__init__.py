"""Monitoring of a reader in use: agreement with people's decisions, and drift of what is read."""
