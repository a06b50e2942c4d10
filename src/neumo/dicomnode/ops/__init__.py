"""Health, metrics, logs and retention of the node."""
