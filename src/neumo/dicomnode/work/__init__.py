"""The durable queue and the workers that read queued objects."""
